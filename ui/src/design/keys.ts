import { useEffect, useRef } from 'react';

export type KeyMap = Record<string, ((event: KeyboardEvent) => void) | undefined | false>;

const CODE: Record<string, string> = {
  Escape: 'esc',
  Enter: 'enter',
  ' ': 'space',
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
};

/** The name of a pressed key: `ctrl+k`, `m`, `alt+j`. Letters go by the physical key, so they work on any layout. */
export function keyName(event: KeyboardEvent): string {
  let key = CODE[event.key] ?? event.key.toLowerCase();
  if (/^Key[A-Z]$/.test(event.code)) key = event.code.slice(3).toLowerCase();
  else if (/^Digit\d$/.test(event.code)) key = event.code.slice(5);
  else if (event.code === 'Slash') key = '/';
  const mods = [
    (event.ctrlKey || event.metaKey) && 'ctrl',
    event.altKey && 'alt',
    event.shiftKey && key.length > 1 && 'shift',
  ].filter(Boolean);
  return [...mods, key].join('+');
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

/** Keys of a page. Plain letters rest while the person types; combinations with Ctrl or Alt and Escape work anywhere. */
export function useKeys(keys: KeyMap, enabled = true): void {
  const ref = useRef(keys);
  ref.current = keys;
  useEffect(() => {
    if (!enabled) return;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const name = keyName(event);
      const handler = ref.current[name];
      if (!handler) return;
      // Ctrl+Z belongs to the field while there is one in hand.
      const combined = (/^(ctrl|alt)\+/.test(name) && name !== 'ctrl+z') || name === 'esc';
      if (!combined && (typing(event.target) || document.querySelector('[role="dialog"][data-modal]'))) return;
      event.preventDefault();
      handler(event);
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [enabled]);
}
