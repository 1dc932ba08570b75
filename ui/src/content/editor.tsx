import { Button, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import {
  IconAlertTriangle,
  IconBan,
  IconChevronLeft,
  IconChevronRight,
  IconDeviceDesktop,
  IconDeviceMobile,
} from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type RefObject, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { Body, ByLang, ChannelKind, Finding, LangCode, LetterPreview, Page } from '~/api/types';
import { KIND_OF } from '~/campaign/api';
import { Bone, ErrorNote } from '~/design/state';
import { LANGS } from '~/i18n';
import { useWord } from '~/i18n/word';
import { ScriptText } from './script-text';

const FIELDS = [
  'greeting',
  'given_name',
  'book_list',
  'category_list',
  'shop_name',
  'shop_url',
  'interests_url',
  'unsubscribe_url',
];
const BLANK: Body = { subject: '', mjml: '', text: '' };

export function Findings({ findings }: { findings: Finding[] }) {
  const { t } = useTranslation();
  const word = useWord();
  const { i18n } = useTranslation();
  /** Which wave and language of a campaign it is about: `waves[1].uk.subject`. */
  const place = (where?: string | null) => {
    const [, wave, lang] = where?.match(/^waves\[(\d+)\]\.(?:bodies\.)?(ru|uk|en)?/) ?? [];
    if (wave === undefined) return undefined;
    return [t('letter.ofWave', { n: Number(wave) + 1 }), lang && word(`lang.${lang}`)].filter(Boolean).join(', ');
  };
  return (
    <ul className="findings">
      {findings.map((x, i) => {
        const stop = x.severity === 'refuse' || x.severity === 'error';
        return (
          <li key={`${x.code}${i}`} className="note" data-tone={stop ? 'bad' : 'warn'}>
            {stop ? <IconBan size={17} /> : <IconAlertTriangle size={17} />}
            <span>
              {i18n.exists(`finding.${x.code}`) ? word(`finding.${x.code}`) : x.message}
              {x.excerpt ? <span className="dim"> «{x.excerpt}»</span> : null}
              {x.language ? <span className="dim"> {word(`lang.${x.language}`)}</span> : null}
              {place(x.where) ? <span className="dim"> {place(x.where)}</span> : null}
              {x.line ? <span className="dim"> {t('letter.line', { line: x.line })}</span> : null}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

/** A letter, a short message or a script in three languages, with what real customers will see beside it. */
export function BodyEditor({
  channel,
  bodies,
  onChange,
  position,
  rule,
}: {
  channel: ChannelKind;
  bodies: ByLang<Body>;
  onChange: (bodies: ByLang<Body>) => void;
  position: number;
  rule: 'by-customer' | LangCode;
}) {
  const { t, i18n } = useTranslation();
  const [lang, setLang] = useState<LangCode>(rule === 'by-customer' ? (i18n.language as LangCode) : rule);
  const [part, setPart] = useState<'mjml' | 'text'>(channel === 'email' ? 'mjml' : 'text');
  const area = useRef<HTMLTextAreaElement>(null);
  const body = bodies[lang] ?? BLANK;
  const set = (change: Partial<Body>) => onChange({ ...bodies, [lang]: { ...body, ...change } });
  const field = channel === 'email' ? part : 'text';
  return (
    <div className="letter">
      <div className="col">
        <div className="row wrap between">
          <SegmentedControl
            aria-label={t('shell.language')}
            value={lang}
            onChange={(v) => setLang(v as LangCode)}
            data={LANGS.map((l) => ({ value: l, label: t(`lang.${l}`) }))}
          />
          {channel === 'email' && (
            <SegmentedControl
              aria-label={t('letter.part')}
              value={part}
              onChange={(v) => setPart(v as 'mjml' | 'text')}
              data={[
                { value: 'mjml', label: t('letter.html') },
                { value: 'text', label: t('letter.text') },
              ]}
            />
          )}
        </div>
        {channel === 'email' && (
          <TextInput
            label={t('letter.subject')}
            value={body.subject}
            onChange={(e) => set({ subject: e.target.value })}
            maxLength={200}
          />
        )}
        <div className="chips">
          {FIELDS.map((name) => (
            <button
              key={name}
              type="button"
              title={t('letter.insert')}
              onClick={() => set({ [field]: insertAt(area, body[field], `{{ ${name} }}`) })}
            >
              {name}
            </button>
          ))}
        </div>
        <Textarea
          ref={area}
          aria-label={
            channel === 'email' ? (part === 'mjml' ? t('letter.html') : t('letter.text')) : t(`letter.of.${channel}`)
          }
          value={body[field]}
          onChange={(e) => set({ [field]: e.target.value })}
          rows={channel === 'email' ? 24 : channel === 'sms' ? 6 : 18}
          spellCheck={channel !== 'email' || part === 'text'}
        />
      </div>
      <BodyPreview channel={channel} bodies={bodies} lang={rule === 'by-customer' ? lang : rule} position={position} />
    </div>
  );
}

function insertAt(area: RefObject<HTMLTextAreaElement | null>, text: string, what: string): string {
  const box = area.current;
  const from = box?.selectionStart ?? text.length;
  const to = box?.selectionEnd ?? from;
  return text.slice(0, from) + what + text.slice(to);
}

export function BodyPreview({
  channel,
  bodies,
  lang,
  position,
}: {
  channel: ChannelKind;
  bodies: ByLang<Body>;
  lang?: LangCode;
  position: number;
}) {
  const { t } = useTranslation();
  const [at, setAt] = useState(0);
  const [phone, setPhone] = useState(false);
  const [settled] = useDebouncedValue(bodies, 350);
  const people = useQuery({
    queryKey: ['sample-customers'],
    queryFn: ({ signal }) =>
      api.get<Page<{ id: string; name: string }>>('/api/templates/sample-customers', undefined, signal),
    staleTime: 5 * 60_000,
  });
  const list = people.data?.items ?? [];
  const person = list[at];
  const kind = KIND_OF[channel];
  const preview = useQuery({
    queryKey: ['preview', kind, settled, lang, person?.id, position],
    queryFn: ({ signal }) =>
      api.post<LetterPreview>(
        '/api/templates/preview',
        { kind, bodies: settled, language: lang, customer_id: person?.id, wave_position: position },
        { signal },
      ),
    enabled: people.isFetched && Object.values(settled).some((b) => b && (b.mjml || b.text)),
    placeholderData: keepPreviousData,
  });
  const p = preview.data;
  return (
    <div className="col">
      <div className="preview">
        <div className="preview-head">
          <Select
            size="xs"
            className="grow"
            searchable
            aria-label={t('letter.customer')}
            placeholder={t('letter.customer')}
            data={list.map((c) => ({ value: c.id, label: c.name }))}
            value={person?.id ?? null}
            onChange={(id) =>
              setAt(
                Math.max(
                  0,
                  list.findIndex((c) => c.id === id),
                ),
              )
            }
          />
          <Button.Group>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t('letter.before')}
              disabled={at === 0}
              onClick={() => setAt(at - 1)}
            >
              <IconChevronLeft size={15} />
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t('letter.after')}
              disabled={at >= list.length - 1}
              onClick={() => setAt(at + 1)}
            >
              <IconChevronRight size={15} />
            </Button>
          </Button.Group>
          {channel === 'email' && (
            <Button size="compact-sm" variant="default" aria-label={t('letter.width')} onClick={() => setPhone(!phone)}>
              {phone ? <IconDeviceMobile size={15} /> : <IconDeviceDesktop size={15} />}
            </Button>
          )}
        </div>
        {preview.error ? (
          <div style={{ padding: 14 }}>
            <ErrorNote error={preview.error} retry={() => void preview.refetch()} />
          </div>
        ) : !p ? (
          <div style={{ padding: 16 }}>
            <Bone h={channel === 'sms' ? 120 : 420} />
          </div>
        ) : channel === 'email' ? (
          <>
            <div className="preview-subject" lang={p.language}>
              {p.subject || '–'}
            </div>
            <iframe
              title={t('letter.preview')}
              sandbox=""
              srcDoc={p.html}
              style={phone ? { maxWidth: 390, margin: '0 auto' } : undefined}
            />
          </>
        ) : channel === 'sms' ? (
          <>
            <div className="preview-phone" lang={p.language}>
              {p.text}
            </div>
            <div className="dim small" style={{ textAlign: 'center', paddingBottom: 14 }}>
              {t('letter.segments', { count: p.segments ?? 1 })}
            </div>
          </>
        ) : (
          <div style={{ padding: 16 }} lang={p.language}>
            <ScriptText text={p.text} />
          </div>
        )}
      </div>
      {p && p.findings.length > 0 && <Findings findings={p.findings} />}
      {p && p.findings.length === 0 && (
        <div className="note" data-tone="good">
          {t('letter.clean')}
        </div>
      )}
    </div>
  );
}
