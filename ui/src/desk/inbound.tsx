import { Button, TextInput } from '@mantine/core';
import { IconMailForward } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useFormat } from '~/design/format';
import { ErrorNote, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { EnterForm } from '~/identity/enter';

interface Match {
  customer: { id: string; name: string };
  campaign: { id: string; name: string } | null;
  wave: { number: number; channel: string; sent_at: string | null } | null;
  letter_sent: boolean;
  can_resend: boolean;
}

/** Somebody phones back after a message: who it is, which wave reached them, and the letter sent once more. */
export function Inbound() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const problem = useProblemText();
  const [phone, setPhone] = useState('');
  const [entering, setEntering] = useState(false);
  const [entered, setEntered] = useState(false);
  const find = useMutation({ mutationFn: () => api.post<{ items: Match[] }>('/api/desk/inbound', { phone }) });
  const resend = useMutation({
    mutationFn: (body: { customer_id: string; campaign_id: string }) => api.post('/api/desk/resend', body),
    onSuccess: () => done(t('desk.resent')),
    onError: (error) => failed(problem(error)),
  });
  return (
    <>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          setEntered(false);
          find.mutate();
        }}
      >
        <div className="row top">
          <TextInput
            className="grow"
            type="tel"
            aria-label={t('roleOf.phone')}
            placeholder={t('desk.inboundPhone')}
            value={phone}
            onChange={(e) => setPhone(e.target.value)}
            data-autofocus
          />
          <Button type="submit" loading={find.isPending} disabled={phone.trim().length < 5}>
            {t('do.search')}
          </Button>
        </div>
        {find.error && <ErrorNote error={find.error} />}
        {find.data?.items.map((m) => (
          <div key={m.customer.id + (m.campaign?.id ?? '')} className="row">
            <div className="grow">
              <div className="strong">{m.customer.name}</div>
              <div className="dim small">
                {[
                  m.campaign?.name,
                  m.wave && t('campaign.waveNo', { n: m.wave.number }),
                  m.wave && word(`channel.${m.wave.channel}`),
                  m.wave?.sent_at && f.dateTime(m.wave.sent_at),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </div>
            </div>
            {m.can_resend && m.campaign && (
              <Button
                variant="default"
                leftSection={<IconMailForward size={16} />}
                loading={resend.isPending}
                onClick={() => m.campaign && resend.mutate({ customer_id: m.customer.id, campaign_id: m.campaign.id })}
              >
                {t('desk.resend')}
              </Button>
            )}
          </div>
        ))}
        {find.data?.items.length === 0 && (
          <div className="row wrap">
            <span className="dim">{t('people.nobody')}</span>
            <Button variant="default" size="compact-sm" onClick={() => setEntering(true)}>
              {t('enter.asNew')}
            </Button>
          </div>
        )}
        {entered && <p className="good">{t('enter.done')}</p>}
      </form>
      {entering && (
        <EnterForm
          known={{ phone }}
          onClose={() => setEntering(false)}
          onDone={() => {
            setEntering(false);
            setEntered(true);
            find.mutate();
          }}
        />
      )}
    </>
  );
}
