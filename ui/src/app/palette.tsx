import { Modal } from '@mantine/core';
import { IconArrowRight, IconSearch, IconUser } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can, type Session } from '~/access/session';
import { findPeople } from '~/identity/api';
import { STEPS } from './shell';
import './palette.css';

interface Entry {
  key: string;
  group: 'pages' | 'people' | 'actions';
  label: string;
  hint?: string;
  icon: ReactNode;
  go: () => void;
}

export default function Palette({ session, onClose }: { session: Session; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  // Enter takes what the typed words mean, so nothing here may lag behind them.
  const wanted = text.trim();
  const list = useRef<HTMLDivElement>(null);
  const people = useQuery({
    queryKey: ['people', 'find', wanted],
    queryFn: ({ signal }) => findPeople(wanted, signal),
    enabled: wanted.length >= 2 && can(session, 'people'),
    placeholderData: keepPreviousData,
  });

  const entries = useMemo(() => {
    const needle = wanted.toLocaleLowerCase();
    const fits = (label: string) => !needle || label.toLocaleLowerCase().includes(needle);
    const go = (to: string) => () => void navigate({ to });
    const out: Entry[] = [];
    for (const s of STEPS.filter((s) => can(session, s.needs)))
      if (fits(t(`nav.${s.key}`)))
        out.push({ key: s.to, group: 'pages', label: t(`nav.${s.key}`), icon: s.icon, go: go(s.to) });
    const actions: [string, string, Parameters<typeof can>[1]][] = [
      ['/campaigns/new/edit', t('nav.newCampaign'), 'campaign'],
      ['/segments/new', t('nav.newSegment'), 'audience'],
      ['/people/review', t('nav.review'), 'people'],
    ];
    for (const [to, label, needs] of actions)
      if (can(session, needs) && fits(label))
        out.push({ key: to, group: 'actions', label, icon: <IconArrowRight size={16} />, go: go(to) });
    // People arrive later than they are asked for: what stands above them does not move.
    for (const person of wanted.length >= 2 ? (people.data ?? []).slice(0, 7) : [])
      out.push({
        key: person.id,
        group: 'people',
        label: person.name,
        hint: person.hint,
        icon: <IconUser size={16} />,
        go: go(`/people/${person.id}`),
      });
    return out;
  }, [wanted, people.data, session, t, navigate]);

  const index = Math.min(at, Math.max(0, entries.length - 1));
  const run = (entry: Entry | undefined) => {
    // The last question's people still stand there while the next ones are looked for.
    if (!entry || (entry.group === 'people' && people.isPlaceholderData)) return;
    onClose();
    entry.go();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step) {
      event.preventDefault();
      const to = (index + step + entries.length) % Math.max(1, entries.length);
      setAt(to);
      list.current?.querySelector(`[data-i="${to}"]`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(entries[index]);
    }
  };

  return (
    <Modal.Root
      opened
      onClose={onClose}
      size={560}
      radius="lg"
      yOffset="12vh"
      centered={false}
      transitionProps={{ duration: 80 }}
    >
      <Modal.Overlay backgroundOpacity={0.35} />
      <Modal.Content aria-label={t('palette.title')}>
        <Modal.Body p={0}>
          <div className="palette-input">
            <IconSearch size={18} />
            <input
              // biome-ignore lint/a11y/noAutofocus: the palette is opened to type into it
              autoFocus
              data-autofocus
              role="combobox"
              aria-expanded="true"
              aria-controls="palette-list"
              aria-activedescendant={entries[index] ? `palette-${index}` : undefined}
              aria-label={t('palette.title')}
              placeholder={t('palette.placeholder')}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={onKey}
            />
          </div>
          <div className="palette-list" id="palette-list" role="listbox" aria-label={t('palette.title')} ref={list}>
            {entries.length === 0 && <div className="palette-none dim">{t('palette.nothing')}</div>}
            {entries.map((entry, i) => (
              <div key={entry.key} role="presentation">
                {entries[i - 1]?.group !== entry.group && (
                  <div className="palette-group" role="presentation">
                    {t(`palette.${entry.group}`)}
                  </div>
                )}
                {/* biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the field above handles the keys */}
                <div
                  id={`palette-${i}`}
                  data-i={i}
                  role="option"
                  aria-selected={i === index}
                  className="palette-row"
                  onClick={() => run(entry)}
                  onMouseMove={() => setAt(i)}
                >
                  {entry.icon}
                  <span className="grow cut">{entry.label}</span>
                  {entry.hint && <span className="dim small cut">{entry.hint}</span>}
                </div>
              </div>
            ))}
          </div>
          <div className="palette-foot dim small">{t('palette.hint')}</div>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
