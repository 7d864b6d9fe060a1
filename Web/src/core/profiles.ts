/** Key and mouse habits of other workstations. Only what differs from our own table stands here. */
import type { KeyProfile } from "./commands.ts";

export type ProfileName = "apus" | "weasis" | "ohif" | "osirix" | "classic";
export const profileNames: readonly ProfileName[] = ["apus", "weasis", "ohif", "osirix", "classic"];

/** What a mouse button does when dragged; `chosen` is the tool chosen for the left button. */
export type DragAction = "chosen" | "window" | "pan" | "zoom" | "scroll" | "rotate";

export interface MouseProfile {
  left: DragAction;
  middle: DragAction;
  right: DragAction;
  both: DragAction;
  /** Dragging down makes the picture brighter (level falls) instead of darker. */
  levelReversed: boolean;
}

export interface Profile {
  keys: KeyProfile;
  mouse: MouseProfile;
}

const mouse: MouseProfile = {
  left: "chosen",
  middle: "pan",
  right: "window",
  both: "zoom",
  levelReversed: false,
};

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  apus: { keys: {}, mouse },
  weasis: {
    keys: {
      "command.nextSeries": ["ArrowRight"],
      "command.previousSeries": ["ArrowLeft"],
      "command.overlay": ["I"],
      "command.toolRotate": ["R"],
      "command.tags": ["Alt+I"],
      "command.invert": ["Alt+V"],
      "command.flipHorizontal": ["Alt+F"],
      "command.rotate": ["Alt+R"],
    },
    mouse: { ...mouse, right: "chosen", middle: "pan" },
  },
  ohif: {
    keys: {
      "command.nextView": ["Tab", "ArrowRight"],
      "command.previousView": ["Shift+Tab", "ArrowLeft"],
      "command.nextSeries": ["PageDown"],
      "command.previousSeries": ["PageUp"],
      "command.invert": ["I"],
      "command.flipHorizontal": ["H"],
      "command.flipVertical": ["V"],
      "command.planes": ["Shift+V"],
      "command.rotate": ["R"],
      "command.rotateBack": ["L"],
      "command.fit": ["="],
      "command.reset": ["Space"],
      "command.overlay": ["O"],
      "command.toolCrosshair": ["Shift+H"],
      "command.toolRotate": ["Shift+R"],
      "command.linkScroll": ["Shift+L"],
      "command.holdMarks": [],
    },
    mouse: { ...mouse, right: "zoom" },
  },
  osirix: {
    keys: {
      "command.cine": ["Space"],
      "command.holdMarks": [],
      "command.nextView": ["Tab"],
      "command.invert": ["I"],
      "command.overlay": ["O"],
      "command.flipHorizontal": ["H"],
      "command.flipVertical": ["V"],
      "command.planes": ["Shift+V"],
      "command.toolCrosshair": ["Shift+H"],
    },
    mouse: { ...mouse, right: "zoom", levelReversed: true },
  },
  // The left button scrolls and the right one sets the window, as older Chinese workstations have it.
  classic: {
    keys: {
      "command.nextImage": ["ArrowDown", "PageDown"],
      "command.previousImage": ["ArrowUp", "PageUp"],
      "command.nextSeries": ["ArrowRight"],
      "command.previousSeries": ["ArrowLeft"],
      "command.reset": ["Escape", "F5"],
      "command.invert": ["F3"],
    },
    mouse: { ...mouse, left: "chosen", right: "window", middle: "zoom", both: "pan" },
  },
};
