/** What of an element's look goes into its picture; all of it would be megabytes for a table of months. */
const LOOK = [
  'align-items',
  'background-color',
  'border-bottom-color',
  'border-bottom-left-radius',
  'border-bottom-right-radius',
  'border-bottom-style',
  'border-bottom-width',
  'border-collapse',
  'border-left-width',
  'border-right-width',
  'border-spacing',
  'border-top-left-radius',
  'border-top-right-radius',
  'border-top-width',
  'box-sizing',
  'color',
  'display',
  'flex-basis',
  'flex-direction',
  'flex-grow',
  'flex-shrink',
  'font-family',
  'font-size',
  'font-variant-numeric',
  'font-weight',
  'gap',
  'grid-column',
  'grid-template-columns',
  'height',
  'justify-content',
  'left',
  'line-height',
  'list-style-type',
  'margin-bottom',
  'margin-left',
  'margin-right',
  'margin-top',
  'min-height',
  'min-width',
  'opacity',
  'padding-bottom',
  'padding-left',
  'padding-right',
  'padding-top',
  'position',
  'text-align',
  'top',
  'vertical-align',
  'white-space',
  'width',
] as const;

/** Room for the title. */
const HEAD = 44;

function copy(from: Element): Element {
  const to = from.cloneNode(false) as HTMLElement;
  const look = getComputedStyle(from);
  to.removeAttribute('class');
  to.setAttribute('style', LOOK.map((name) => `${name}:${look.getPropertyValue(name)}`).join(';'));
  for (const child of from.childNodes) {
    if (child instanceof Element) to.appendChild(copy(child));
    else if (child.nodeType === Node.TEXT_NODE) to.appendChild(child.cloneNode());
  }
  return to;
}

/** A drawing made of elements as a PNG under its title: drawn as SVG, all of it, also what is scrolled out of sight. */
export async function pictureOf(node: HTMLElement, background: string, title: string): Promise<string> {
  const width = Math.ceil(Math.max(node.scrollWidth, ...[...node.querySelectorAll('*')].map((e) => e.scrollWidth)));
  const height = Math.ceil(node.scrollHeight);
  const inside = copy(node) as HTMLElement;
  inside.style.width = `${width}px`;
  inside.setAttribute('xmlns', 'http://www.w3.org/1999/xhtml');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><foreignObject width="100%" height="100%">${new XMLSerializer().serializeToString(inside)}</foreignObject></svg>`;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  const scale = 2;
  canvas.width = width * scale;
  canvas.height = (height + HEAD) * scale;
  const paint = canvas.getContext('2d');
  if (!paint) return '';
  paint.fillStyle = background;
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.scale(scale, scale);
  const { color, fontFamily } = getComputedStyle(node);
  paint.fillStyle = color;
  paint.font = `600 16px ${fontFamily}`;
  paint.textBaseline = 'middle';
  paint.fillText(title, 12, HEAD / 2, width - 24);
  paint.drawImage(image, 0, HEAD);
  return canvas.toDataURL('image/png');
}
