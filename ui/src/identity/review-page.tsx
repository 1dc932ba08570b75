import { Button } from '@mantine/core';
import { IconArrowBackUp, IconArrowsSplit2, IconGitMerge, IconUsersGroup } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { CustomerCard, Page as PageOf, ReviewPair } from '~/api/types';
import { useFormat } from '~/design/format';
import { useKeys } from '~/design/keys';
import { Card, Page } from '~/design/page';
import { BoneRows, Empty, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { dedupQuery, reviewsQuery } from './api';
import { Reasons } from './customer';

type Decision = 'merge' | 'apart';

export function ReviewPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const problem = useProblemText();
  const queue = useQuery(reviewsQuery);
  const dedup = useQuery(dedupQuery);
  const [history, setHistory] = useState<{ pair: ReviewPair; decision: Decision }[]>([]);
  const pair = queue.data?.items[0];

  const put = (change: (items: ReviewPair[]) => ReviewPair[]) =>
    client.setQueryData<PageOf<ReviewPair>>(['reviews'], (page) => page && { ...page, items: change(page.items) });

  const undo = useMutation({
    mutationFn: (entry: { pair: ReviewPair }) => api.post(`/api/reviews/${entry.pair.id}/undo`),
    onSuccess: (_, entry) => {
      setHistory((h) => h.filter((x) => x.pair.id !== entry.pair.id));
      put((items) => [entry.pair, ...items.filter((x) => x.id !== entry.pair.id)]);
      void client.invalidateQueries({ queryKey: ['dedup'] });
    },
    onError: (error) => failed(problem(error)),
  });

  const decide = useMutation({
    mutationFn: (entry: { pair: ReviewPair; decision: Decision }) =>
      api.post(`/api/reviews/${entry.pair.id}`, { decision: entry.decision }),
    // The next pair stands there at once: a decision can be undone.
    onMutate: (entry) => put((items) => items.filter((x) => x.id !== entry.pair.id)),
    onSuccess: (_, entry) => {
      setHistory((h) => [...h.slice(-30), entry]);
      done(entry.decision === 'merge' ? t('review.merged') : t('review.keptApart'), () => undo.mutate(entry));
      void client.invalidateQueries({ queryKey: ['dedup'] });
      void client.invalidateQueries({ queryKey: ['customers'] });
      if ((client.getQueryData<PageOf<ReviewPair>>(['reviews'])?.items.length ?? 0) < 4)
        void client.invalidateQueries({ queryKey: ['reviews'] });
    },
    onError: (error, entry) => {
      put((items) => [entry.pair, ...items]);
      failed(problem(error));
    },
  });

  const last = history.at(-1);
  const say = (decision: Decision) => pair && decide.mutate({ pair, decision });
  useKeys({
    m: () => say('merge'),
    k: () => say('apart'),
    u: last ? () => undo.mutate(last) : undefined,
  });

  return (
    <Page
      title={t('review.title')}
      lead={t('review.lead')}
      fill
      actions={
        <span className="pill" data-tone="accent">
          {t('review.left', { count: dedup.data?.review_open ?? 0 })}
        </span>
      }
    >
      <Loaded query={queue} skeleton={<BoneRows rows={10} />}>
        {() =>
          pair ? (
            <>
              <div className="review" key={pair.id}>
                <Side card={pair.left} other={pair.right} />
                <Card>
                  <div className="col">
                    <div className="review-share">
                      <span className="big-n">{f.pct(pair.probability, 0)}</span>
                      <span className="dim">{t('review.probability')}</span>
                    </div>
                    <Reasons reasons={pair.reasons} />
                    <p className="dim small">
                      {t('review.value', {
                        value: f.money(
                          pair.left.totals.revenue.minor + pair.right.totals.revenue.minor,
                          pair.value.currency,
                        ),
                      })}
                    </p>
                  </div>
                </Card>
                <Side card={pair.right} other={pair.left} />
              </div>
              <div className="review-bar">
                <Button
                  leftSection={<IconGitMerge size={17} />}
                  onClick={() => say('merge')}
                  rightSection={<kbd>M</kbd>}
                >
                  {t('review.merge')}
                </Button>
                <Button
                  variant="default"
                  leftSection={<IconArrowsSplit2 size={17} />}
                  onClick={() => say('apart')}
                  rightSection={<kbd>K</kbd>}
                >
                  {t('review.apart')}
                </Button>
                <Button
                  variant="subtle"
                  color="gray"
                  leftSection={<IconArrowBackUp size={17} />}
                  disabled={!last}
                  loading={undo.isPending}
                  onClick={() => last && undo.mutate(last)}
                  rightSection={<kbd>U</kbd>}
                >
                  {t('do.undo')}
                </Button>
              </div>
            </>
          ) : (
            <Card>
              <Empty
                icon={<IconUsersGroup size={22} />}
                title={t('review.none')}
                action={
                  <>
                    {last && (
                      <Button
                        variant="default"
                        leftSection={<IconArrowBackUp size={16} />}
                        onClick={() => undo.mutate(last)}
                      >
                        {t('do.undo')}
                      </Button>
                    )}
                    <Button component={Link} to="/people">
                      {t('import.toPeople')}
                    </Button>
                  </>
                }
              >
                {t('review.noneText')}
              </Empty>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

const fold = (text: string) => text.toLocaleLowerCase().replace(/\s+/g, ' ').trim();

function Side({ card, other }: { card: CustomerCard; other: CustomerCard }) {
  const { t } = useTranslation();
  const f = useFormat();
  const theirs = new Set(other.contacts.map((c) => fold(c.value)));
  const their = new Set(other.addresses.map((a) => fold(a.text)));
  const mark = (same: boolean, present: boolean) => (same ? 'same' : present ? 'differs' : undefined);
  const phones = card.contacts.filter((c) => c.kind === 'phone');
  const mails = card.contacts.filter((c) => c.kind === 'email');
  const lines = (list: typeof phones, present: boolean) =>
    list.length === 0 ? (
      <span className="dim">–</span>
    ) : (
      list.map((c) => (
        <div key={c.id}>
          <span className={mark(theirs.has(fold(c.value)), present)}>{c.value}</span>
        </div>
      ))
    );
  return (
    <Card>
      <div className="col">
        <h2>
          <span className={mark(fold(card.name) === fold(other.name), true)}>{card.name}</span>
        </h2>
        <dl className="facts">
          <dt>{t('roleOf.phone')}</dt>
          <dd>
            {lines(
              phones,
              other.contacts.some((c) => c.kind === 'phone'),
            )}
          </dd>
          <dt>{t('roleOf.email')}</dt>
          <dd>
            {lines(
              mails,
              other.contacts.some((c) => c.kind === 'email'),
            )}
          </dd>
          <dt>{t('roleOf.address')}</dt>
          <dd>
            {card.addresses.length === 0 && <span className="dim">–</span>}
            {card.addresses.map((a) => (
              <div key={a.id}>
                <span className={mark(their.has(fold(a.text)), other.addresses.length > 0)}>{a.text}</span>
              </div>
            ))}
          </dd>
          <dt>{t('people.col.orders')}</dt>
          <dd>
            {f.n(card.totals.orders)} · {f.money(card.totals.revenue.minor, card.totals.revenue.currency)}
          </dd>
          <dt>{t('card.last')}</dt>
          <dd>{f.date(card.totals.last_day)}</dd>
        </dl>
        <ul className="contacts small">
          {card.orders.slice(0, 4).map((o) => (
            <li key={o.id}>
              <span className="nowrap dim">{f.date(o.day)}</span>
              <span className="grow cut" title={o.items.map((i) => i.title).join(', ')}>
                {o.items.map((i) => i.title).join(', ')}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}
