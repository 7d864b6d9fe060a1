/** What the screen adds: things that need the server, dialogs, other windows. */
export interface ViewerActions {
  close: () => void;
  stepStudy: (by: number) => void;
  comparePrior: () => void;
  /** Goes on to the study below (1) or above (-1) in the study list. */
  stepList: (by: 1 | -1) => void;
  stepStage: (by: number) => void;
  canStepStage: () => boolean;
  saveProtocol: () => void;
  chooseProtocol: () => void;
  calibrate: () => void;
  testPatterns: () => void;
  chooseProfile: () => void;
  fidelity: () => void;
  contextMenu: () => void;
  publishKeyImages: () => void;
  chooseState: () => void;
  saveState: () => void;
  planes: () => void;
}
