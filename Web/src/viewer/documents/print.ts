/** Prints one document alone: the page around it is screens of pictures. */

export function printCopy(element: HTMLElement): void {
  const sheet = document.createElement("div");
  sheet.className = "print-sheet";
  const copy = element.cloneNode(true) as HTMLElement;
  // What has been drawn is not cloned with its canvas.
  const drawn = element.querySelectorAll("canvas");
  copy.querySelectorAll("canvas").forEach((canvas, index) => {
    const source = drawn[index];
    if (!source || source.width === 0) return;
    canvas.width = source.width;
    canvas.height = source.height;
    canvas.getContext("2d")?.drawImage(source, 0, 0);
  });
  for (const each of copy.querySelectorAll("iframe, video, audio")) each.remove();
  sheet.append(copy);
  document.body.append(sheet);
  document.documentElement.dataset.printing = "";
  const end = () => {
    sheet.remove();
    delete document.documentElement.dataset.printing;
  };
  addEventListener("afterprint", end, { once: true });
  globalThis.print();
}
