import { ActionIcon, Button, NumberInput, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowsSplit2, IconPlus, IconTrash } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { CampaignDraft, VariantDraft } from '~/api/types';
import { BodyEditor } from '~/content/editor';
import { NONE, useFormat } from '~/design/format';
import { done } from '~/design/toast';
import type { WaveSetter } from './api';
import { MOST_VARIANTS, sharesOf, textsOf, withoutVariant, withShare, withTexts, withVariant } from './variants';
import { useWaterfall } from './wizard-audience';

/** The texts of a wave: its own, or those of its variants, one at a time, each with its preview. */
export function WaveTexts({ draft, index, setWave }: { draft: CampaignDraft; index: number; setWave: WaveSetter }) {
  const { t } = useTranslation();
  const [at, setAt] = useState(0);
  const wave = draft.waves[index];
  if (!wave) return null;
  const variants = wave.variants;
  const place = Math.min(at, Math.max(variants.length - 1, 0));
  const variant = variants[place];
  const add = () => {
    const more = withVariant(variants);
    setWave(index, { variants: more });
    setAt(more.length - 1);
  };
  const change = (next: Partial<VariantDraft>) =>
    setWave(index, { variants: variants.map((v, i) => (i === place ? { ...v, ...next } : v)) });
  const shares = sharesOf(variants);
  return (
    <div className="col">
      {variant ? (
        <div className="col">
          <div className="row wrap tight">
            {variants.map((v, i) => (
              <Button
                key={i}
                size="compact-md"
                variant={i === place ? 'light' : 'default'}
                aria-pressed={i === place}
                onClick={() => setAt(i)}
              >
                {v.name.trim() || NONE} · {Math.round((shares[i] ?? 0) * 100)} %
              </Button>
            ))}
            {variants.length < MOST_VARIANTS && (
              <Button size="compact-md" variant="subtle" leftSection={<IconPlus size={15} />} onClick={add}>
                {t('variant.add')}
              </Button>
            )}
          </div>
          <div className="row wrap bottom">
            <TextInput
              label={t('variant.name')}
              value={variant.name}
              maxLength={40}
              onChange={(e) => change({ name: e.target.value })}
            />
            <NumberInput
              label={t('variant.share')}
              w={130}
              min={1}
              max={99}
              allowDecimal={false}
              hideControls={false}
              suffix=" %"
              value={Math.round((shares[place] ?? 0) * 100)}
              onChange={(v) => {
                const share = Number(v) / 100;
                if (share > 0 && share !== shares[place])
                  setWave(index, { variants: withShare(variants, place, share) });
              }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={36}
              aria-label={t('variant.remove', { name: variant.name })}
              onClick={() => {
                const before = { bodies: wave.bodies, variants };
                setWave(index, withoutVariant(wave, place));
                setAt(0);
                done(t('variant.removed'), () => setWave(index, before));
              }}
            >
              <IconTrash size={16} />
            </ActionIcon>
            <p className="dim small grow">{place === 0 ? t('variant.control') : t('variant.other')}</p>
          </div>
          <SplitHint draft={draft} index={index} />
        </div>
      ) : (
        <div className="row wrap">
          <Button variant="default" leftSection={<IconArrowsSplit2 size={16} />} onClick={add}>
            {t('variant.add')}
          </Button>
          <span className="dim small grow">{t('variant.addText')}</span>
        </div>
      )}
      <BodyEditor
        channel={wave.channel}
        bodies={textsOf(wave.bodies, variant)}
        onChange={(bodies) => setWave(index, withTexts(wave, place, bodies))}
        position={index + 1}
        rule={draft.language}
      />
    </div>
  );
}

/** What this split can show, before anybody is written to. */
function SplitHint({ draft, index }: { draft: CampaignDraft; index: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [baseline, setBaseline] = useState(5);
  const { query } = useWaterfall(draft);
  const variants = draft.waves[index]?.variants ?? [];
  const people = query.data?.remaining ?? 0;
  const sizes = sharesOf(variants).map((share) => Math.round(people * share));
  const [control = 0, ...others] = sizes;
  const ask = {
    baseline: baseline / 100,
    n1: control,
    n2: others.length > 0 ? Math.min(...others) : 0,
    // Several variants share the chance of being wrong.
    alpha: 0.05 / Math.max(others.length, 1),
  };
  const [settled] = useDebouncedValue(ask, 300);
  const size = useQuery({
    queryKey: ['stat', 'smallest-difference', settled],
    queryFn: ({ signal }) =>
      api.post<{ difference: number | null }>('/api/stat/smallest-difference', settled, { signal }),
    enabled: settled.n1 > 0 && settled.n2 > 0 && settled.baseline > 0 && settled.baseline < 1,
    placeholderData: keepPreviousData,
  });
  const shown = size.data?.difference;
  return (
    <div className="note" data-tone="info">
      <div className="col tight grow">
        <span>
          {variants.map((v, i) => `${v.name.trim() || NONE}: ${f.n(sizes[i])}`).join(' · ')}
          {index > 0 && <span className="dim"> {t('variant.ifSilent')}</span>}
        </span>
        <div className="row wrap tight">
          <span>{draft.goal.kind === 'consent' ? t('variant.baselinePositive') : t('variant.baselineBought')}</span>
          <NumberInput
            size="xs"
            w={84}
            min={0.1}
            max={99}
            decimalScale={1}
            suffix=" %"
            aria-label={t('calc.input.baseline')}
            value={baseline}
            onChange={(v) => Number(v) > 0 && setBaseline(Number(v))}
          />
          <span className="strong">
            {typeof shown === 'number'
              ? t('variant.detectable', { d: f.n(shown * 100, 1) })
              : size.isSuccess
                ? t('variant.tooFew')
                : NONE}
          </span>
        </div>
      </div>
    </div>
  );
}
