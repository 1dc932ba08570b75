import './script.css';

/** A script is plain text with `# heading` lines; each part can be ticked off while talking. */
export function ScriptText({
  text,
  ticks,
  onTick,
}: {
  text: string;
  ticks?: ReadonlySet<number>;
  onTick?: (part: number) => void;
}) {
  const parts = scriptParts(text);
  return (
    <div className="script">
      {parts.map((part, i) => (
        <section key={i} data-ticked={ticks?.has(i) || undefined} data-branch={part.branch || undefined}>
          {part.title && (
            <h3>
              {onTick && !part.branch ? (
                <label className="script-tick">
                  <input type="checkbox" checked={ticks?.has(i) ?? false} onChange={() => onTick(i)} />
                  {part.title}
                </label>
              ) : (
                part.title
              )}
            </h3>
          )}
          <p>{part.text}</p>
        </section>
      ))}
    </div>
  );
}

export interface ScriptPart {
  title: string;
  text: string;
  /** What to say only if the talk goes there. */
  branch: boolean;
}

export function scriptParts(text: string): ScriptPart[] {
  const parts: ScriptPart[] = [];
  for (const block of text.split(/^#+[ \t]+/m)) {
    if (!block.trim()) continue;
    const cut = block.indexOf('\n');
    const started = text.startsWith('#') || parts.length > 0;
    const title = started ? (cut < 0 ? block : block.slice(0, cut)).trim() : '';
    const body = started ? (cut < 0 ? '' : block.slice(cut + 1)).trim() : block.trim();
    parts.push({ title, text: body, branch: /^(если|якщо|if)\b|^(если|якщо) /i.test(title) });
  }
  return parts;
}
