import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LangCode } from '~/api/types';
import { useKeys } from '~/design/keys';
import { ErrorNote } from '~/design/state';
import { objectionsQuery, objectionWords } from '~/improve/api';

/** Beside the outcomes on 1–5 and the page's own N and P. */
const KEYS = ['q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l'] as const;

/** What was heard: the code and the version of the words that stood on the screen. */
export interface Raised {
  code: string;
  version: number;
}

/** Cards of objections: one key marks what the person says and opens what to answer, in the language of the script. */
export function ObjectionCards({
  raised,
  onChange,
  lang,
}: {
  raised: Raised[];
  onChange: (next: Raised[]) => void;
  lang: LangCode;
}) {
  const { t } = useTranslation();
  const library = useQuery(objectionsQuery);
  const [open, setOpen] = useState<string>();
  const offered = (library.data?.items ?? []).filter((o) => !o.retired);
  const mark = (code: string, version: number) => {
    const known = raised.some((r) => r.code === code);
    onChange(known ? raised.filter((r) => r.code !== code) : [...raised, { code, version }]);
    setOpen(known ? undefined : code);
  };
  const keys: Record<string, () => void> = {};
  offered.forEach((o, i) => {
    const key = KEYS[i];
    if (!key) return;
    // With Alt it works from inside the note, too.
    keys[key] = () => mark(o.code, o.version);
    keys[`alt+${key}`] = () => mark(o.code, o.version);
  });
  useKeys(keys);
  const shown = offered.find((o) => o.code === open);
  if (library.error) return <ErrorNote error={library.error} retry={() => void library.refetch()} />;
  if (offered.length === 0) return null;
  return (
    <section className="col tight" aria-label={t('desk.objections')}>
      <div className="desk-objections" role="group" aria-label={t('desk.objections')}>
        <span className="dim small">{t('desk.objections')}</span>
        {offered.map((o, i) => (
          <button
            key={o.code}
            type="button"
            aria-pressed={raised.some((r) => r.code === o.code)}
            data-testid={`objection-${o.code}`}
            onClick={() => mark(o.code, o.version)}
          >
            {KEYS[i] && <kbd>{KEYS[i].toUpperCase()}</kbd>} {objectionWords(o, lang).name}
          </button>
        ))}
      </div>
      {shown && (
        <div className="desk-answer" role="status" lang={lang}>
          <b>{objectionWords(shown, lang).name}</b>
          <p>{objectionWords(shown, lang).answer}</p>
        </div>
      )}
    </section>
  );
}
