import { Button } from '@mantine/core';
import { IconArrowBackUp, IconRefresh } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { modelsQuery } from './api';

/** The versions of beliefs that say who is one person: what each changed, learning anew, taking the last one back. */
export function BeliefsCard() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const session = useSession();
  const client = useQueryClient();
  const problem = useProblemText();
  const models = useQuery(modelsQuery);
  const change = useMutation({
    mutationFn: (undo: string | undefined) => api.post(undo ? `/api/dedup/models/${undo}/undo` : '/api/dedup/relearn'),
    onSuccess: async (_, undo) => {
      done(t(undo ? 'merge.takenBack' : 'merge.learned'));
      await client.invalidateQueries();
    },
    onError: (error) => failed(problem(error)),
  });
  const versions = models.data?.items ?? [];
  if (versions.length === 0) return null;
  const mayChange = can(session, 'people');
  return (
    <Card title={t('merge.beliefs')}>
      <p className="dim small">{t('merge.beliefsLead')}</p>
      <ul className="plain">
        {versions.slice(0, 3).map((v) => (
          <li key={v.id} className="row wrap tight">
            <span>{f.dateTime(v.learned_at)}</span>
            <span className="pill">{word(`learnReason.${v.reason}`)}</span>
            <span className="dim small">
              {t('merge.evidence')}: {f.n(Math.round(v.evidence_needed))} · {t('merge.changed')}: {f.n(v.merged)} /{' '}
              {f.n(v.split)}
            </span>
            {v.in_force && <span className="pill">{t('merge.inForce')}</span>}
            {v.undone_at && <span className="pill">{t('merge.wasUndone')}</span>}
            {v.can_undo && mayChange && (
              <Button
                className="end"
                size="compact-xs"
                variant="subtle"
                leftSection={<IconArrowBackUp size={14} />}
                loading={change.isPending}
                onClick={() => change.mutate(v.id)}
              >
                {t('do.undo')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {mayChange && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconRefresh size={14} />}
          loading={change.isPending}
          onClick={() => change.mutate(undefined)}
        >
          {t('merge.learnAgain')}
        </Button>
      )}
    </Card>
  );
}
