/** Line icons on a 16-unit grid, drawn with the text's colour. They are decoration: the name stands beside or in a label. */

/** Also shown in the manual. */
export const iconPaths = {
  search: "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.4 10.4L14 14",
  upload: "M8 10.5V2.5M4.8 5.7L8 2.5l3.2 3.2M2.5 10.5v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2",
  file: "M4 1.8h5L12.5 5.3V14.2H4zM9 1.8V5.3h3.5",
  folder: "M1.8 3.5h4.4l1.5 1.8h6.5v7.7H1.8z",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  back: "M9.8 3L4.8 8l5 5",
  up: "M4 10l4-4l4 4",
  down: "M4 6l4 4l4-4",
  user: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 13.8c.5-2.7 2.6-4 5.2-4s4.7 1.3 5.2 4",
  warning: "M8 2L14.4 13.2H1.6zM8 6.4v3.2M8 11.2v.6",
  play: "M5 3.2v9.6l7.6-4.8z",
  pause: "M5.2 3.2v9.6M10.8 3.2v9.6",
  window: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 2v12M10 4.2v7.6M12 6v4",
  pan: "M8 1.8v12.4M1.8 8h12.4M6 3.6l2-1.8l2 1.8M6 12.4l2 1.8l2-1.8M3.6 6L1.8 8l1.8 2M12.4 6l1.8 2l-1.8 2",
  zoom: "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 0 1 0-9zM10.4 10.4L14 14M5 7h4M7 5v4",
  scroll: "M4 2.5h8M4 5.5h8M2.5 8h11M4 10.5h8M4 13.5h8",
  invert: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 2c4 2 4 10 0 12M8.6 5h3M9.6 8h3.6M8.6 11h3",
  reset: "M3 8a5 5 0 1 0 1.6-3.7M3 2.6v2.6h2.6",
  flipHorizontal: "M8 1.8v12.4M6 4.4L2 11.6h4zM10 4.4L14 11.6h-4z",
  flipVertical: "M1.8 8h12.4M4.4 6L11.6 2v4zM4.4 10L11.6 14v-4z",
  rotate: "M13 8a5 5 0 1 1-1.6-3.7M13 2.6v2.6h-2.6",
  tags: "M2.5 3.5h11v9h-11zM2.5 6.5h11M6 6.5v6M2.5 9.5h11",
  text: "M3 4V3h10v1M8 3v10M6.2 13h3.6",
  keyboard: "M1.8 4h12.4v8.2H1.8zM4 6.6h.6M6.6 6.6h.6M9.2 6.6h.6M11.8 6.6h.2M5 9.8h6",
  length: "M2.5 13.5l11-11M1.3 12.3l2.400 2.400M12.3 1.3l2.400 2.400",
  polyline: "M2 12.5L6 5l4 5l4-6.500",
  curve: "M2 12c2-9 5-9 6.500-4s4 4 5.500-4",
  angle: "M13.500 13H2.500L11 3M6.400 13a4 4 0 0 0-1.300-3",
  cobb: "M2 3.500l12 2M2 12.500l12-2M8 4.500v7",
  ratio: "M1.800 4.500h12.400M4 11.500h8M1.800 3v3M14.200 3v3M4 10v3M12 10v3",
  ellipse:
    "M8 3.500c3.600 0 6.500 2 6.500 4.500s-2.900 4.500-6.500 4.500S1.500 10.500 1.500 8S4.400 3.500 8 3.500z",
  circle: "M8 2.200a5.800 5.800 0 1 1 0 11.600a5.800 5.800 0 0 1 0-11.600zM8 7.500v1M7.500 8h1",
  rectangle: "M2 3.500h12v9H2z",
  polygon: "M8 2l6 4.500l-2.300 7H4.300L2 6.500z",
  freehand: "M4 13c-3-2-2.500-7 .500-9s8-1.500 9.500 1.500s-1 4-3.500 4s-1 4.500-6.500 3.500z",
  probe: "M8 1.800v4.200M8 10v4.200M1.800 8H6M10 8h4.200",
  arrow: "M13.500 13.500L3 3M3 8V3h5",
  calibration: "M1.500 5.500h13v5h-13zM4 5.500v2M6.500 5.500v3M9 5.500v2M11.500 5.500v3",
  list: "M5.500 3.500h8.500M5.500 8h8.500M5.500 12.500h8.500M2 3.500h.600M2 8h.600M2 12.500h.600",
  eye:
    "M1.500 8c2.500-4.700 10.500-4.700 13 0c-2.500 4.700-10.500 4.700-13 0zM8 6a2 2 0 1 1 0 4a2 2 0 0 1 0-4z",
  eyeClosed: "M1.500 8c2.500-4.700 10.500-4.700 13 0c-2.500 4.700-10.500 4.700-13 0zM2.500 13.500l11-11",
  formula: "M12.500 3H4l4.500 5L4 13h8.500",
  rotateFree: "M12.500 5.200A5.300 5.300 0 1 0 13.300 8M13 2v3.400H9.600M8 8h.1",
  magnifier: "M7 2.500a4.500 4.500 0 1 1 0 9a4.500 4.500 0 0 1 0-9zM10.400 10.400L14 14",
  crosshair:
    "M8 1.500v4.300M8 10.200v4.300M1.500 8h4.300M10.200 8h4.300M8 6.600a1.400 1.400 0 1 0 0 2.800a1.400 1.400 0 0 0 0-2.800z",
  region:
    "M2.500 4.500v-2h2M11.500 2.500h2v2M13.500 11.500v2h-2M4.500 13.500h-2v-2M8 5.200v5.600M5.200 8h5.600",
  key: "M5.500 8.300a3 3 0 1 0 0 .1zM8.200 8.300h5.600M11.400 8.300v2.400M13.600 8.300v1.700",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 7.200v4M8 4.800v.4",
  histogram: "M2 13.500h12M3.500 13v-3M6 13V7M8.500 13V3.500M11 13V8.500M13 13v-2",
  structures: "M2.500 9.500c-1-4 2-7 5-6s7 1 6 5s-2 6-5 5s-5 1-6-4zM6 8a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
  layout: "M2 2.500h12v11H2zM8 2.500v11M2 8h12",
  link:
    "M6.600 9.400l2.800-2.800M5.600 7.200L3.800 9a2.260 2.260 0 0 0 3.200 3.200l1.800-1.800M10.400 8.800L12.200 7A2.260 2.260 0 0 0 9 3.800L7.200 5.600",
  hanging: "M2.500 2.500h11M4 2.500v4h3.500v-4M9 2.500v8h3.500v-8",
  display: "M1.800 3h12.400v8H1.800zM5.500 13.500h5M8 11v2.500",
  star: "M8 2l1.800 3.800l4.200.5l-3.100 2.900l.8 4.100L8 11.300l-3.700 2l.8-4.100L2 6.300l4.200-.5z",
  compare: "M2 3h5v10H2zM9 3h5v10H9z",
  document: "M4 1.8h8v12.4H4zM6 5h4M6 7.6h4M6 10.2h2.4",
  wave: "M1.500 8.500h3l1.300-3l2 7.500l2-10l1.500 5.500h3.200",
  film: "M1.800 3.500h12.400v9H1.800zM6.600 5.900v4.200l3.600-2.100z",
} as const;

export type IconName = keyof typeof iconPaths;

export function Icon(props: { name: IconName }): Node {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={iconPaths[props.name]} />
    </svg>
  );
}

/** A swift in flight. */
export function Emblem(): Node {
  return (
    <svg class="emblem" viewBox="0 0 32 24" aria-hidden="true" focusable="false">
      <path d="M1 4c7 .2 11.2 2.4 14.6 7.2C18.300 6.400 23 2.600 31 1c-6.200 3.600-9.600 8.200-11.400 13.600l3.200 6.400l-5.600-3.400l-4.600 4.600l1-6.200C11.400 10 7 6 1 4z" />
    </svg>
  );
}
