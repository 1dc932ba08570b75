import { Checkbox } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useFormat } from '~/design/format';
import { useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { useTopicName } from '~/improve/api';
import type { CoachingTask } from '~/improve/types';

/** What the supervisor asked this operator to practise; a tick says it was done. */
export function MyCoaching() {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const client = useQueryClient();
  const problem = useProblemText();
  const topicName = useTopicName();
  const mine = useQuery({
    queryKey: ['coaching', 'mine'],
    queryFn: ({ signal }) => api.get<{ items: CoachingTask[] }>('/api/coaching/mine', undefined, signal),
  });
  const tick = useMutation({
    mutationFn: ({ id, to }: { id: string; to: boolean }) => api.post(`/api/coaching/${id}/done`, { done: to }),
    onSuccess: async (_, { id, to }) => {
      await client.invalidateQueries({ queryKey: ['coaching'] });
      if (to) done(t('desk.coachingDone'), () => tick.mutate({ id, to: false }));
    },
    onError: (error) => failed(problem(error)),
  });
  const items = mine.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section className="col tight" data-testid="my-coaching" aria-label={t('desk.coaching')}>
      <h3>{t('desk.coaching')}</h3>
      {items.map((task) => (
        <div key={task.id} className="col tight">
          <Checkbox
            checked={task.state === 'done'}
            disabled={tick.isPending}
            label={task.title || topicName(task.topic)}
            onChange={(e) => tick.mutate({ id: task.id, to: e.currentTarget.checked })}
          />
          <div className="dim small">
            {topicName(task.topic)}
            {task.due_day && ` · ${t('improve.board.due', { day: f.date(task.due_day) })}`}
            {task.overdue && (
              <>
                {' '}
                <span className="pill" data-tone="bad">
                  {t('improve.overdue')}
                </span>
              </>
            )}
          </div>
          {task.calls.length > 0 && (
            <details className="small">
              <summary>{t('desk.coachingCalls', { count: task.calls.length })}</summary>
              <ul className="plain-list col tight">
                {task.calls.map((c) => (
                  <li key={c.id}>
                    {f.date(c.at)} · {c.operator} · {word(`outcome.${c.outcome}`)}
                    {c.note && <div className="dim">{c.note}</div>}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </div>
      ))}
    </section>
  );
}
