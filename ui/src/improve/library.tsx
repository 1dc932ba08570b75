import { Button, NativeSelect, SegmentedControl, Switch, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { LangCode } from '~/api/types';
import { useFormat } from '~/design/format';
import { SidePanel } from '~/design/panel';
import { ErrorNote, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { objectionWords, reasonsQuery, useReasonName } from './api';
import { DRIVERS, type Objection, type ObjectionVersion } from './types';

const LANGS: readonly LangCode[] = ['ru', 'uk', 'en'];

/** The shop's objections and what is answered to them: every change of the words is a version. */
export function LibraryPanel({ items, lang, onClose }: { items: Objection[]; lang: LangCode; onClose: () => void }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<string>();
  return (
    <SidePanel
      wide
      title={t('improve.objections.library')}
      lead={t('improve.objections.libraryLead')}
      onClose={onClose}
    >
      <div className="col">
        {items.map((o) => (
          <details
            key={o.code}
            className="lane-item"
            open={open === o.code}
            onToggle={(e) => {
              if (e.currentTarget.open) setOpen(o.code);
              else if (open === o.code) setOpen(undefined);
            }}
          >
            <summary>
              <b>{objectionWords(o, lang).name}</b>{' '}
              <span className="dim small">
                {t('improve.objections.version', { n: o.version })}
                {o.retired && ` · ${t('improve.objections.retired')}`}
              </span>
            </summary>
            {open === o.code && <Form key={o.version} objection={o} lang={lang} />}
          </details>
        ))}
        <details className="lane-item">
          <summary>{t('improve.objections.add')}</summary>
          <Form key={items.length} lang={lang} />
        </details>
      </div>
    </SidePanel>
  );
}

function Form({ objection, lang }: { objection?: Objection; lang: LangCode }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const problem = useProblemText();
  const [at, setAt] = useState<LangCode>(lang);
  const [texts, setTexts] = useState(objection?.texts ?? {});
  const [reason, setReason] = useState(objection?.reason ?? '');
  const fresh = () => client.invalidateQueries({ queryKey: ['objections'] });
  const words = texts[at] ?? { name: '', answer: '' };
  const put = (to: Partial<typeof words>) => setTexts({ ...texts, [at]: { ...words, ...to } });
  // A language in which nothing stands is left out.
  const said = Object.fromEntries(Object.entries(texts).filter(([, w]) => w && (w.name.trim() || w.answer.trim())));
  const save = useMutation({
    mutationFn: () =>
      objection
        ? api.patch(`/api/objections/${objection.code}`, { texts: said, seen: objection.version, reason })
        : api.post('/api/objections', { texts: said, reason }),
    onSuccess: async () => {
      if (!objection) {
        setTexts({});
        setReason('');
      }
      await fresh();
      done(t('state.saved'));
    },
  });
  const retire = useMutation({
    mutationFn: (retired: boolean) => api.patch(`/api/objections/${objection?.code}`, { retired }),
    onSuccess: async (_, retired) => {
      await fresh();
      done(t('state.saved'), () => retire.mutate(!retired));
    },
    onError: (error) => failed(problem(error)),
  });
  return (
    <form
      className="col tight"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <SegmentedControl
        size="xs"
        value={at}
        onChange={(v) => setAt(v as LangCode)}
        data={LANGS.map((value) => ({ value, label: t(`lang.${value}`) }))}
      />
      <TextInput
        label={t('improve.objections.says')}
        value={words.name}
        maxLength={80}
        onChange={(e) => put({ name: e.target.value })}
      />
      <Textarea
        label={t('improve.objections.answer')}
        autosize
        minRows={3}
        maxLength={1000}
        value={words.answer}
        onChange={(e) => put({ answer: e.target.value })}
      />
      <ReasonSelect value={reason} onChange={setReason} />
      {save.error && <ErrorNote error={save.error} />}
      <div className="row wrap">
        <Button type="submit" loading={save.isPending} disabled={Object.keys(said).length === 0}>
          {t('do.save')}
        </Button>
        {objection && (
          <Switch
            label={t('improve.dictionary.offered')}
            checked={!objection.retired}
            onChange={(e) => retire.mutate(!e.currentTarget.checked)}
          />
        )}
      </div>
      {objection && objection.version > 1 && <Versions objection={objection} lang={at} />}
    </form>
  );
}

function ReasonSelect({ value, onChange }: { value: string; onChange: (v: string) => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const reasonName = useReasonName();
  const reasons = useQuery(reasonsQuery);
  return (
    <NativeSelect
      label={t('improve.objections.reason')}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
      data={[
        { value: '', label: t('improve.noReason') },
        ...DRIVERS.map((driver) => ({
          group: word(`improve.driver.${driver}`),
          items: [
            { value: `driver:${driver}`, label: word(`improve.driver.${driver}`) },
            ...(reasons.data?.items ?? [])
              .filter((r) => r.driver === driver)
              .map((r) => ({ value: `reason:${r.code}`, label: reasonName(r) })),
          ],
        })),
      ]}
    />
  );
}

function Versions({ objection, lang }: { objection: Objection; lang: LangCode }) {
  const { t } = useTranslation();
  const f = useFormat();
  const versions = useQuery({
    queryKey: ['objections', objection.code, objection.version],
    queryFn: ({ signal }) =>
      api.get<{ items: ObjectionVersion[] }>(`/api/objections/${objection.code}/versions`, undefined, signal),
  });
  return (
    <details className="small">
      <summary>{t('improve.item.history')}</summary>
      <ul className="plain-list col tight">
        {versions.data?.items.map((v) => (
          <li key={v.version}>
            <span className="dim">
              {t('improve.objections.version', { n: v.version })}
              {v.at ? ` · ${f.dateTime(v.at)} · ${v.actor ?? t('improve.item.program')}` : ` · ${t('improve.shipped')}`}
            </span>
            <div>{objectionWords(v, lang).answer}</div>
          </li>
        ))}
      </ul>
    </details>
  );
}
