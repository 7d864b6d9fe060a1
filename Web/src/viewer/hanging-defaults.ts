/** The protocols that come with the viewer. Words are those found in Chinese and English series descriptions. */
import type { Condition, HungView, Protocol, Selector, Stage } from "./hanging.ts";
import type { LinkedAction } from "./links.ts";

const everyLink: readonly LinkedAction[] = ["scroll", "zoom", "pan", "window"];
const stackLinks: readonly LinkedAction[] = ["scroll", "zoom", "pan"];

const modality = (...is: string[]): Condition => ({
  attribute: "modalities",
  is,
  required: true,
  weight: 10,
});
const part = (...contains: string[]): Condition => ({ attribute: "description", contains, weight: 20 });
const partRequired = (...contains: string[]): Condition => ({ ...part(...contains), required: true });
const of = (...is: string[]): Condition => ({ attribute: "modality", is, required: true });
const words = (weight: number, ...contains: string[]): Condition => ({
  attribute: "description",
  contains,
  weight,
});
const stack: Condition = { attribute: "images", atLeast: 5, weight: 3 };
const planeIs = (...is: string[]): Condition => ({ attribute: "plane", is, weight: 4 });
const localizerWords = ["topogram", "scout", "surview", "localizer", "定位", "dose"];
const noLocalizer: Condition = {
  attribute: "description",
  contains: localizerWords,
  not: true,
  required: true,
};

/** Words that say nothing about what was examined: by them everything would match. */
export const generalWords = new Set([
  ..."ct cr dx dr mr mri mg us xa rf pt pet nm exam study scan routine series with without contrast plain low dose the and"
    .split(" "),
  ..."平扫 增强 检查 扫描".split(" "),
]);

export function isLocalizer(description: string): boolean {
  return localizerWords.some((each) => description.toLowerCase().includes(each));
}

const current = (...where: Condition[]): Selector => ({ prior: 0, where });
const nth = (selector: Selector, place: number): Selector => ({ ...selector, nth: place });
const inPrior = (selector: Selector): Selector => ({ ...selector, prior: 1 });
const view = (selector: string, more: Partial<HungView> = {}): HungView => ({ selector, ...more });
const stage = (name: string, layout: string, views: HungView[], links?: readonly LinkedAction[]): Stage => ({
  name,
  layout,
  views,
  ...(links ? { links } : {}),
});
/** `name1`, `name2` and so on. */
const numberedAs = (name: string, count: number, selector: (index: number) => Selector) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index + 1}`, selector(index)]));
const viewsOf = (name: string, count: number, more?: Partial<HungView>): HungView[] =>
  Array.from({ length: count }, (_, index) => view(`${name}${index + 1}`, more));
const protocol = (
  name: string,
  match: Condition[],
  selectors: Record<string, Selector>,
  stages: Stage[],
): Protocol => ({ version: 1, id: name.slice("hanging.".length), name, match, selectors, stages });

const chestStack = current(of("CT"), noLocalizer, stack);
const lungSeries = current(of("CT"), noLocalizer, stack, words(5, "lung", "肺", "b60", "b70", "b80"), {
  attribute: "thicknessMM",
  atMost: 2,
  weight: 2,
});
const mediastinum = current(
  of("CT"),
  noLocalizer,
  stack,
  words(5, "mediast", "纵隔", "soft", "软组织", "b30", "b31", "b40"),
);

const ctChest = protocol(
  "hanging.ctChest",
  [modality("CT"), partRequired("chest", "thorax", "lung", "胸", "肺")],
  { lung: lungSeries, mediastinum, priorLung: inPrior(lungSeries), stack: chestStack },
  [
    stage("hanging.stage.lungMediastinum", "1x2", [
      view("lung", { preset: "preset.lung" }),
      view("mediastinum", { preset: "preset.mediastinum" }),
    ], stackLinks),
    stage("hanging.stage.prior", "1x2", [
      view("lung", { preset: "preset.lung" }),
      view("priorLung", { preset: "preset.lung" }),
    ], everyLink),
  ],
);

const headStack = current(of("CT"), noLocalizer, stack, words(2, "head", "brain", "颅", "头", "脑"));
const ctHead = protocol(
  "hanging.ctHead",
  [modality("CT"), partRequired("head", "brain", "skull", "颅", "头", "脑")],
  {
    brain: headStack,
    bone: current(of("CT"), noLocalizer, stack, words(5, "bone", "骨")),
    prior: inPrior(headStack),
  },
  [
    stage("hanging.stage.brainWindows", "2x2", [
      view("brain", { preset: "preset.brain" }),
      view("brain", { window: { center: 75, width: 215 } }),
      view("bone", { preset: "preset.bone" }),
      view("brain", { preset: "preset.stroke" }),
    ], stackLinks),
    stage("hanging.stage.prior", "1x2", [
      view("brain", { preset: "preset.brain" }),
      view("prior", { preset: "preset.brain" }),
    ], everyLink),
  ],
);

const phase = current(of("CT"), noLocalizer, stack);
const ctAbdomen = protocol(
  "hanging.ctAbdomen",
  [modality("CT"), partRequired("abdomen", "liver", "pancrea", "腹", "肝", "胰"), {
    attribute: "series",
    atLeast: 3,
    weight: 5,
  }],
  {
    phase1: phase,
    phase2: nth(phase, 1),
    phase3: nth(phase, 2),
    phase4: nth(phase, 3),
    portal: current(of("CT"), noLocalizer, stack, words(5, "portal", "venous", "门")),
    priorPortal: inPrior(current(of("CT"), noLocalizer, stack, words(5, "portal", "venous", "门"))),
  },
  [
    stage(
      "hanging.stage.phases",
      "1x4",
      ["phase1", "phase2", "phase3", "phase4"].map((each) => view(each, { preset: "preset.soft" })),
      everyLink,
    ),
    stage("hanging.stage.prior", "1x2", [
      view("portal", { preset: "preset.soft" }),
      view("priorPortal", { preset: "preset.soft" }),
    ], everyLink),
  ],
);

const sequence = current(of("MR"), noLocalizer, { attribute: "images", atLeast: 3, weight: 3 });
const weightings: Record<string, Selector> = Object.fromEntries(
  Object.entries({ t2: ["t2"], t1: ["t1"], flair: ["flair"], dwi: ["dwi", "diff", "弥散"], adc: ["adc"] })
    .map(([key, tokens]) => [
      key,
      current(of("MR"), noLocalizer, { ...words(5, ...tokens), required: true }, planeIs("axial")),
    ]),
);
const mrBrain = protocol(
  "hanging.mrBrain",
  [modality("MR"), partRequired("brain", "head", "颅", "头", "脑")],
  {
    ...weightings,
    ...Object.fromEntries(Object.entries(weightings).map(([key, each]) => [`${key}Prior`, inPrior(each)])),
    ...numberedAs("sequence", 9, (index) => nth(sequence, index)),
  },
  [
    {
      ...stage("hanging.stage.sequences", "3x3", viewsOf("sequence", 9), ["scroll"]),
      referenceLines: true,
    },
    stage("hanging.stage.dwiAdc", "1x2", [view("dwi"), view("adc")], stackLinks),
    stage("hanging.stage.prior", "2x4", [
      ...["t1", "t2", "flair", "dwi"].map((each) => view(each)),
      ...["t1Prior", "t2Prior", "flairPrior", "dwiPrior"].map((each) => view(each)),
    ], everyLink),
  ],
);

const planeOf = (plane: string): Selector =>
  current(of("MR"), noLocalizer, { attribute: "plane", is: [plane], weight: 5, required: true }, stack);
const mrJoint = protocol(
  "hanging.mrJoint",
  [
    modality("MR"),
    partRequired(
      "spine",
      "knee",
      "shoulder",
      "hip",
      "ankle",
      "wrist",
      "椎",
      "膝",
      "肩",
      "髋",
      "踝",
      "腕",
      "关节",
    ),
  ],
  {
    sagittal: planeOf("sagittal"),
    coronal: planeOf("coronal"),
    axial: planeOf("axial"),
    priorSagittal: inPrior(planeOf("sagittal")),
  },
  [
    {
      ...stage("hanging.stage.planes", "1x3", [view("sagittal"), view("coronal"), view("axial")]),
      referenceLines: true,
    },
    stage("hanging.stage.prior", "1x2", [view("sagittal"), view("priorSagittal")], everyLink),
  ],
);

const mammogram = (side: string, projection: string): Selector =>
  current(
    of("MG"),
    { attribute: "laterality", is: [side], required: true, weight: 5 },
    { attribute: "view", is: [projection], required: true, weight: 5 },
  );
const breasts = {
  rightCC: mammogram("R", "CC"),
  leftCC: mammogram("L", "CC"),
  rightMLO: mammogram("R", "MLO"),
  leftMLO: mammogram("L", "MLO"),
};
const priorBreasts = Object.fromEntries(
  Object.entries(breasts).map(([key, selector]) => [`${key}Prior`, inPrior(selector)]),
);
// The chest walls meet in the middle: right breast at the left, towards the middle.
const backToBack = (right: string, left: string): HungView[] => [
  view(right, { align: "right" }),
  view(left, { align: "left" }),
];
const mammography = protocol(
  "hanging.mammography",
  [modality("MG")],
  { ...breasts, ...priorBreasts },
  [
    stage("hanging.stage.cc", "1x2", backToBack("rightCC", "leftCC"), ["zoom", "window"]),
    stage("hanging.stage.mlo", "1x2", backToBack("rightMLO", "leftMLO"), ["zoom", "window"]),
    stage("hanging.stage.allViews", "1x4", [
      ...backToBack("rightCC", "leftCC"),
      ...backToBack("rightMLO", "leftMLO"),
    ], ["zoom", "window"]),
    stage("hanging.stage.prior", "2x4", [
      ...backToBack("rightCC", "leftCC"),
      ...backToBack("rightMLO", "leftMLO"),
      ...backToBack("rightCCPrior", "leftCCPrior"),
      ...backToBack("rightMLOPrior", "leftMLOPrior"),
    ], ["zoom", "window"]),
    stage("hanging.stage.pixels", "1x2", [
      view("rightCC", { mode: "pixels", align: "right" }),
      view("leftCC", { mode: "pixels", align: "left" }),
    ], ["pan", "window"]),
  ],
);

const plain = (...where: Condition[]): Selector => current(of("CR", "DX"), ...where);
const frontal = plain({ attribute: "view", is: ["PA", "AP"], weight: 5 }, words(3, "pa", "ap", "正"));
const lateral = plain(
  { attribute: "view", is: ["LL", "RL", "LATERAL", "LLO", "RLO"], weight: 5 },
  words(3, "lat", "侧"),
);
const isFrontal: Condition = { attribute: "view", is: ["PA", "AP"], required: true };
const chestPlain = protocol(
  "hanging.chestPlain",
  [modality("CR", "DX"), partRequired("chest", "thorax", "胸")],
  { frontal, lateral, priorFrontal: inPrior(plain(isFrontal)) },
  [
    stage("hanging.stage.frontalLateral", "1x2", [view("frontal"), view("lateral")]),
    stage("hanging.stage.prior", "1x2", [view("frontal"), view("priorFrontal")], ["zoom", "pan"]),
  ],
);

const anyPlain = current(of("CR", "DX"));
const [plainViews, comparedViews] = [9, 4];
const limb = protocol(
  "hanging.limb",
  [modality("CR", "DX")],
  {
    ...numberedAs("view", plainViews, (index) => nth(anyPlain, index)),
    // The same side and view of the prior, never another one.
    ...numberedAs("prior", comparedViews, (index) => ({ ...inPrior(anyPlain), like: `view${index + 1}` })),
  },
  [
    stage("hanging.stage.everyView", "3x3", viewsOf("view", plainViews), ["window"]),
    stage("hanging.stage.prior", "2x4", [
      ...viewsOf("view", comparedViews),
      ...viewsOf("prior", comparedViews),
    ], ["zoom", "pan"]),
  ],
);

const clip = current(of("US", "XA", "RF", "ES", "IVUS"));
const clips = protocol(
  "hanging.clips",
  [modality("US", "XA", "RF", "ES", "IVUS")],
  numberedAs("clip", 9, (index) => nth(clip, index)),
  [
    stage("hanging.stage.fourViews", "2x2", viewsOf("clip", 4, { cine: true })),
    stage("hanging.stage.everyView", "3x3", viewsOf("clip", 9, { cine: true })),
    stage("hanging.stage.single", "1x1", [view("clip1", { cine: true })]),
  ],
);

const petCT = protocol(
  "hanging.petCT",
  [modality("PT"), { attribute: "modalities", is: ["CT"], weight: 5, required: true }],
  {
    ct: current(of("CT"), noLocalizer, stack),
    pet: current(of("PT"), stack),
    priorPET: inPrior(current(of("PT"), stack)),
  },
  [
    stage("hanging.stage.petCT", "1x2", [
      view("ct", { preset: "preset.soft" }),
      view("pet", { inverted: true }),
    ], [
      "scroll",
      "zoom",
      "pan",
    ]),
    stage("hanging.stage.prior", "1x2", [
      view("pet", { inverted: true }),
      view("priorPET", { inverted: true }),
    ], everyLink),
  ],
);

/** CTA and coronary CT start from the source stack; their reformats belong to post-processing. */
const vessel = current(of("CT"), noLocalizer, stack, words(5, "cta", "血管", "冠"));
const vessels = protocol(
  "hanging.vessels",
  [modality("CT"), {
    ...part("cta", "angio", "coronary", "血管", "冠状动脉", "冠脉"),
    required: true,
    weight: 30,
  }],
  { vessel, prior: inPrior(vessel), second: nth(vessel, 1) },
  [
    stage("hanging.stage.vessel", "1x1", [view("vessel", { preset: "preset.angio" })]),
    stage("hanging.stage.prior", "1x2", [
      view("vessel", { preset: "preset.angio" }),
      view("prior", { preset: "preset.angio" }),
    ], everyLink),
  ],
);

export const shippedProtocols: readonly Protocol[] = [
  ctChest,
  ctHead,
  ctAbdomen,
  vessels,
  mrBrain,
  mrJoint,
  mammography,
  chestPlain,
  limb,
  clips,
  petCT,
];
