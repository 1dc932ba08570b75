import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WaveDraft } from '~/api/types';
import { BodyPreview } from '~/content/editor';
import { textsOf } from './variants';

/** What a wave said, variant by variant. */
export function WavePreview({ wave, position }: { wave: WaveDraft; position: number }) {
  const { t } = useTranslation();
  const [at, setAt] = useState('0');
  return (
    <>
      {wave.variants.length > 0 && (
        <SegmentedControl
          aria-label={t('variant.one')}
          value={at}
          onChange={setAt}
          data={wave.variants.map((v, i) => ({ value: String(i), label: v.name }))}
        />
      )}
      <BodyPreview
        channel={wave.channel}
        bodies={textsOf(wave.bodies, wave.variants[Number(at)])}
        position={position}
      />
    </>
  );
}
