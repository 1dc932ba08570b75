import { Button, CopyButton } from '@mantine/core';
import { IconCopy, IconGift } from '@tabler/icons-react';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { useFormat } from '~/design/format';
import { ErrorNote, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useOfferGapName } from '~/improve/api';

interface MenuOffer {
  id: string;
  name: string;
  words: string;
  valid_days: number;
  fits: boolean;
  why: string[];
  refused: 'value' | 'limit' | 'budget' | null;
  left: number | null;
}

interface Menu {
  items: MenuOffer[];
  issued: { offer_id: string; offer: string; words: string; code: string; expires_day: string } | null;
}

/** What may win the person back: offers that answer what was said stand first, one press gives a personal code. */
export function OfferMenu({ task, reason, objections }: { task: string; reason: string; objections: string[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const problem = useProblemText();
  const gapName = useOfferGapName();
  const path = `/api/desk/tasks/${task}/offers`;
  const menu = useQuery({
    queryKey: ['desk-offers', task, reason, objections.join(',')],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.get<Menu>(path, { reason, objections: objections.join(',') }, signal),
  });
  const fresh = () => client.invalidateQueries({ queryKey: ['desk-offers', task] });
  const undo = useMutation({
    mutationFn: () => api.del(path),
    onSuccess: fresh,
    onError: (error) => failed(problem(error)),
  });
  const issue = useMutation({
    mutationFn: (id: string) => api.post(path, { offer_id: id, reason: reason || undefined, objections }),
    onSuccess: async () => {
      await fresh();
      done(t('desk.offer.given'), () => undo.mutate());
    },
    onError: (error) => {
      failed(problem(error));
      void fresh();
    },
  });
  if (menu.error) return <ErrorNote error={menu.error} retry={() => void menu.refetch()} />;
  if (!menu.data || (menu.data.items.length === 0 && !menu.data.issued)) return null;
  const { issued, items } = menu.data;
  const fitting = items.filter((o) => o.fits && !o.refused);
  return (
    <details className="desk-fix" data-testid="offers" open={issued !== null || undefined}>
      <summary>
        <IconGift size={15} /> {t('desk.offer.title')}{' '}
        {!issued && <span className="dim small">{t('desk.offer.fitting', { count: fitting.length })}</span>}
      </summary>
      {issued ? (
        <div className="desk-answer" role="status">
          <div className="row wrap">
            <b className="grow">{issued.offer}</b>
            <code className="desk-code num" data-testid="offer-code">
              {issued.code}
            </code>
            <CopyButton value={issued.code}>
              {({ copied, copy }) => (
                <Button size="compact-sm" variant="default" leftSection={<IconCopy size={14} />} onClick={copy}>
                  {copied ? t('desk.offer.copied') : t('desk.offer.copy')}
                </Button>
              )}
            </CopyButton>
            <Button
              size="compact-sm"
              variant="subtle"
              color="gray"
              loading={undo.isPending}
              onClick={() => undo.mutate()}
            >
              {t('desk.offer.undo')}
            </Button>
          </div>
          <p>
            {issued.words} <span className="dim">{t('desk.offer.until', { day: f.date(issued.expires_day) })}</span>
          </p>
        </div>
      ) : (
        <ul className="plain-list col tight">
          {items.map((o) => (
            <li key={o.id} className="row tight">
              <span className="grow">
                <b>{o.name}</b>{' '}
                <span className="dim small">
                  {o.refused
                    ? t(`desk.offer.refused.${o.refused}`)
                    : o.why.length > 0
                      ? t('desk.offer.because', { what: f.list(o.why.map(gapName)) })
                      : o.fits
                        ? t('desk.offer.everybody')
                        : t('desk.offer.other')}
                  {o.left !== null && ` · ${t('desk.offer.left', { count: o.left })}`}
                </span>
                {o.words && <div className="small">{o.words}</div>}
              </span>
              <Button
                size="compact-sm"
                variant={o.why.length > 0 ? 'filled' : 'default'}
                disabled={o.refused !== null || !o.fits}
                loading={issue.isPending && issue.variables === o.id}
                data-testid={`offer-${o.id}`}
                onClick={() => issue.mutate(o.id)}
              >
                {t('desk.offer.give')}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
