import { Button } from '@mantine/core';
import { IconFlask, IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can, type Session } from '~/access/session';
import { api } from '~/api/client';
import { useEvents } from '~/api/events';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { useProblemText } from '~/design/state';
import { failed } from '~/design/toast';

interface Clock {
  campaign_now: string;
  speed: number;
  paused: boolean;
}

/** The clock of the simulation runs on between two answers, so that the page shows it moving. */
function useTicking(clock: Clock | undefined, askedAt: number): number | undefined {
  const [, tick] = useState(0);
  useEffect(() => {
    if (!clock || clock.paused) return;
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [clock]);
  if (!clock) return undefined;
  const start = new Date(clock.campaign_now).getTime();
  return clock.paused ? start : start + (Date.now() - askedAt) * clock.speed;
}

export function DemoRibbon() {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const session = useSession();
  const problem = useProblemText();
  const clock = useQuery({
    queryKey: ['clock'],
    queryFn: async ({ signal }): Promise<Clock> => {
      const me = await api.get<Session>('/api/me', undefined, signal);
      return { campaign_now: me.campaign_now, ...me.clock };
    },
    initialData: { campaign_now: session.campaign_now, ...session.clock },
    staleTime: 0,
    refetchInterval: 10_000,
  });
  useEvents(['clock'], (_, data) => client.setQueryData(['clock'], data as Clock));
  const act = useMutation({
    mutationFn: (action: 'pause' | 'run' | 'step_day') => api.post<Clock>('/api/clock', { action }),
    onSuccess: (next) => {
      client.setQueryData(['clock'], next);
      // Time moved: everything on the page may be older than the world.
      void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== 'clock' && q.queryKey[0] !== 'session' });
    },
    onError: (error) => failed(problem(error)),
  });
  const now = useTicking(clock.data, clock.dataUpdatedAt);
  return (
    <section className="ribbon" aria-label={t('demo.label')}>
      <IconFlask size={17} />
      <span className="strong">{t('demo.label')}</span>
      <span className="ribbon-text cut">{t('demo.text')}</span>
      <div className="row tight end">
        <time title={t('demo.clock')}>{now === undefined ? '' : f.dateTime(now)}</time>
        {can(session, 'settings') && clock.data && (
          <>
            <Button
              size="compact-xs"
              variant="default"
              loading={act.isPending && act.variables !== 'step_day'}
              leftSection={clock.data.paused ? <IconPlayerPlay size={13} /> : <IconPlayerPause size={13} />}
              onClick={() => act.mutate(clock.data.paused ? 'run' : 'pause')}
            >
              <span className="ribbon-word">{clock.data.paused ? t('demo.resume') : t('demo.pause')}</span>
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              loading={act.isPending && act.variables === 'step_day'}
              leftSection={<IconPlayerTrackNext size={13} />}
              title={t('demo.stepHint')}
              onClick={() => act.mutate('step_day')}
            >
              <span className="ribbon-word">{t('demo.step')}</span>
            </Button>
          </>
        )}
      </div>
    </section>
  );
}
