import { Button, TextInput } from '@mantine/core';
import { IconMailForward } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { ErrorNote, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';

interface Caller {
  items?: Match[];
  customer?: { id: string; name: string } | null;
  customer_id?: string;
  name?: string;
  campaign?: { id: string; name: string } | null;
  campaign_id?: string | null;
  wave?: unknown;
}
type Match = Omit<Caller, 'items'>;

/** Somebody phones back after a message: who it is, which wave reached them, and the letter sent once more. */
export function Inbound() {
  const { t } = useTranslation();
  const problem = useProblemText();
  const [phone, setPhone] = useState('');
  const find = useMutation({ mutationFn: () => api.post<Caller>('/api/desk/inbound', { phone }) });
  const resend = useMutation({
    mutationFn: (body: { customer_id: string; campaign_id: string }) => api.post('/api/desk/resend', body),
    onSuccess: () => done(t('desk.resent')),
    onError: (error) => failed(problem(error)),
  });
  const matches: Match[] = find.data?.items ?? (find.data ? [find.data] : []);
  return (
    <form
      className="col"
      onSubmit={(event) => {
        event.preventDefault();
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
      {matches.map((m, i) => {
        const customer = m.customer?.id ?? m.customer_id;
        const campaign = m.campaign?.id ?? m.campaign_id;
        if (!customer) return null;
        return (
          <div key={i} className="row">
            <div className="grow">
              <div className="strong">{m.customer?.name ?? m.name ?? customer}</div>
              <div className="dim small">{m.campaign?.name}</div>
            </div>
            {campaign && (
              <Button
                variant="default"
                leftSection={<IconMailForward size={16} />}
                loading={resend.isPending}
                onClick={() => resend.mutate({ customer_id: customer, campaign_id: campaign })}
              >
                {t('desk.resend')}
              </Button>
            )}
          </div>
        );
      })}
      {find.isSuccess && matches.every((m) => !(m.customer?.id ?? m.customer_id)) && <p className="dim">{t('people.nobody')}</p>}
    </form>
  );
}
