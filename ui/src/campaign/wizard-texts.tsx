import { Button, NumberInput, Select, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CampaignDraft, ChannelKind } from '~/api/types';
import { Card } from '~/design/page';
import { done } from '~/design/toast';
import { LANGS } from '~/i18n';
import { defaultBodies, newStep, newWave, type Setter, type WaveSetter } from './api';
import { ChannelIcon } from './campaigns-page';
import { WaveTexts } from './variants-editor';

export function LetterStep({ draft, setWave, set }: { draft: CampaignDraft; setWave: WaveSetter; set: Setter }) {
  const { t } = useTranslation();
  const wave = draft.waves[0];
  if (!wave) return null;
  return (
    <>
      <Card>
        <div className="grid" style={{ ['--min' as string]: '190px' }}>
          <TextInput
            label={t('wizard.fromName')}
            value={wave.from_name}
            onChange={(e) => setWave(0, { from_name: e.target.value })}
          />
          <TextInput
            label={t('wizard.fromAddress')}
            type="email"
            value={wave.from_address}
            onChange={(e) => setWave(0, { from_address: e.target.value })}
          />
          <Select
            label={t('wizard.language')}
            value={draft.language}
            onChange={(v) => v && set({ language: v })}
            data={[
              { value: 'by-customer' as const, label: t('wizard.byCustomer') },
              ...LANGS.map((l) => ({ value: l, label: t(`lang.${l}`) })),
            ]}
          />
        </div>
      </Card>
      <WaveTexts draft={draft} index={0} setWave={setWave} />
    </>
  );
}

export function WavesStep({ draft, set, setWave }: { draft: CampaignDraft; set: Setter; setWave: WaveSetter }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<number | undefined>(draft.waves.length > 1 ? 1 : undefined);
  const first = draft.waves[0];
  const journey = draft.kind === 'journey';
  const after = (i: number) => {
    if (journey) return t(i === 0 ? 'journey.afterEntry' : 'journey.afterStep');
    return t(i === 0 ? 'wizard.afterLaunch' : 'wizard.afterWave');
  };
  const add = async (channel: ChannelKind) => {
    const from = { name: first?.from_name ?? '', address: first?.from_address ?? '' };
    const wave = journey ? newStep(channel, from) : newWave(channel, draft.waves.length === 0, from);
    wave.bodies = await defaultBodies(channel).catch(() => ({}));
    set({ waves: [...draft.waves, wave] });
    setOpen(draft.waves.length);
  };
  return (
    <>
      <p className="dim">{t(journey ? 'journey.stepsText' : 'wizard.wavesText')}</p>
      {draft.waves.map((wave, i) => (
        <Card key={i}>
          <div className="wave-row">
            <span className="wave-no">{i + 1}</span>
            <Select
              label={t('base.channel')}
              value={wave.channel}
              leftSection={<ChannelIcon channel={wave.channel} />}
              data={(['email', 'sms', 'call'] as const).map((c) => ({ value: c, label: t(`channel.${c}`) }))}
              onChange={async (channel) => {
                if (channel)
                  setWave(i, { channel, bodies: await defaultBodies(channel).catch(() => ({})), variants: [] });
              }}
            />
            <NumberInput
              label={after(i)}
              value={wave.after_days}
              min={0}
              max={365}
              allowDecimal={false}
              hideControls={false}
              suffix={` ${t('unit.days', { count: wave.after_days })}`}
              onChange={(v) => setWave(i, { after_days: Number(v) || 0 })}
            />
            <Select
              label={t(journey ? 'journey.to' : 'wizard.to')}
              value={wave.target}
              disabled={i === 0}
              data={(['all', 'silent'] as const).map((v) => ({ value: v, label: t(`wizard.target.${v}`) }))}
              onChange={(v) => v && setWave(i, { target: v })}
            />
            <div className="row tight">
              <Button variant="default" onClick={() => setOpen(open === i ? undefined : i)} aria-expanded={open === i}>
                {t(`letter.of.${wave.channel}`)}
              </Button>
              {i > 0 && (
                <Button
                  variant="subtle"
                  color="gray"
                  px={8}
                  aria-label={t('do.delete')}
                  onClick={() => {
                    const waves = draft.waves;
                    set({ waves: waves.filter((_, x) => x !== i) });
                    done(t('wizard.waveRemoved'), () => set({ waves }));
                  }}
                >
                  <IconTrash size={16} />
                </Button>
              )}
            </div>
          </div>
          {open === i && (
            <div style={{ marginTop: 16 }}>
              <WaveTexts draft={draft} index={i} setWave={setWave} />
            </div>
          )}
        </Card>
      ))}
      <div className="row">
        {(['email', 'sms', 'call'] as const).map((channel) => (
          <Button
            key={channel}
            variant="default"
            leftSection={<IconPlus size={15} />}
            onClick={() => void add(channel)}
          >
            {t(`channel.${channel}`)}
          </Button>
        ))}
      </div>
    </>
  );
}
