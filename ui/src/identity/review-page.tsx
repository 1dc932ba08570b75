import { Button, Select, TextInput } from '@mantine/core';
import { IconArrowBackUp, IconArrowsSplit2, IconClock, IconGitMerge, IconUsersGroup } from '@tabler/icons-react';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, Problem } from '~/api/client';
import type { ReviewPair, ReviewReopened } from '~/api/types';
import { useFormat } from '~/design/format';
import { useKeys } from '~/design/keys';
import { Card, Page } from '~/design/page';
import { BoneRows, Empty, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { dedupQuery, REVIEW_FIELDS, REVIEW_ORDERS, reviewsQuery } from './api';
import { Reasons } from './customer';
import { Side } from './side';

type Decision = 'merge' | 'apart';
interface Answered {
  pair: ReviewPair;
  decision: Decision;
}

/** A pair that the server does not ask about any more: somebody else answered, or the records changed. */
const isGone = (error: unknown) => error instanceof Problem && (error.status === 404 || error.status === 409);

export function ReviewPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const problem = useProblemText();
  const search = useSearch({ from: '/inside/people/review' });
  // Pairs put off, in that order; the server is told of them only when it is asked for more.
  const [later, setLater] = useState<string[]>([]);
  const [told, setTold] = useState<string[]>([]);
  const [answered, setAnswered] = useState<string[]>([]);
  const [reopened, setReopened] = useState<ReviewPair>();
  const [history, setHistory] = useState<Answered[]>([]);
  const queue = useQuery({
    ...reviewsQuery({ sort: search.sort, differs: search.differs, name: search.name, later: told.join(',') }),
    placeholderData: keepPreviousData,
  });
  const dedup = useQuery(dedupQuery);

  const open = (queue.data?.items ?? []).filter((p) => !answered.includes(p.id) && p.id !== reopened?.id);
  const now = open.filter((p) => !later.includes(p.id));
  const put = open.filter((p) => later.includes(p.id)).sort((a, b) => later.indexOf(a.id) - later.indexOf(b.id));
  const pair = reopened ?? now[0] ?? put[0];
  const more = (queue.data?.total ?? 0) > (queue.data?.items.length ?? 0);
  const refill = now.length < 4 && more && !queue.isFetching;

  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once each time the pairs at hand run out
  useEffect(() => {
    if (!refill) return;
    if (told.join() !== later.join()) setTold(later);
  }, [refill]);

  const fresh = () => {
    void client.invalidateQueries({ queryKey: ['reviews'] });
    void client.invalidateQueries({ queryKey: ['dedup'] });
  };

  const undo = useMutation({
    mutationFn: (entry: Answered) => api.post<ReviewReopened>(`/api/reviews/${entry.pair.id}/undo`),
    onSuccess: ({ pair: asked }, entry) => {
      setHistory((h) => h.filter((x) => x !== entry));
      setAnswered((ids) => ids.filter((x) => x !== entry.pair.id && x !== asked?.id));
      // The server says how it asks now: another id, other cards.
      setReopened(asked ?? undefined);
      if (!asked) done(t('review.notAsked'));
      fresh();
    },
    onError: (error) => failed(problem(error)),
  });

  const decide = useMutation({
    mutationFn: (entry: Answered) => api.post(`/api/reviews/${entry.pair.id}`, { decision: entry.decision }),
    // The next pair stands there at once: a decision can be undone.
    onMutate: (entry) => {
      setAnswered((ids) => [...ids, entry.pair.id]);
      setReopened(undefined);
    },
    onSuccess: (_, entry) => {
      setHistory((h) => [...h.slice(-30), entry]);
      done(entry.decision === 'merge' ? t('review.merged') : t('review.keptApart'), () => undo.mutate(entry));
      void client.invalidateQueries({ queryKey: ['customers'] });
      // An answer may settle other pairs as well.
      fresh();
    },
    onError: (error, entry) => {
      if (isGone(error)) {
        failed(t('review.gone'));
        fresh();
        return;
      }
      setAnswered((ids) => ids.filter((x) => x !== entry.pair.id));
      failed(problem(error));
    },
  });

  const last = history.at(-1);
  const say = (decision: Decision) => pair && decide.mutate({ pair, decision });
  const putOff = () => {
    if (!pair) return;
    setReopened(undefined);
    setLater((ids) => [...ids.filter((x) => x !== pair.id), pair.id]);
  };
  useKeys({
    m: () => say('merge'),
    k: () => say('apart'),
    s: putOff,
    u: last && !undo.isPending ? () => undo.mutate(last) : undefined,
  });
  const filtered = !!(search.differs || search.name);

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
      <Filter shown={filtered ? queue.data?.total : undefined} />
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
                          (pair.left.totals.revenue?.minor ?? 0) + (pair.right.totals.revenue?.minor ?? 0),
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
                  variant="default"
                  leftSection={<IconClock size={17} />}
                  onClick={putOff}
                  disabled={open.length < 2 && !more}
                  rightSection={<kbd>S</kbd>}
                >
                  {t('review.later')}
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
          ) : queue.isFetching ? (
            <BoneRows rows={10} />
          ) : (
            <Card>
              <Empty
                icon={<IconUsersGroup size={22} />}
                title={filtered ? t('review.noneFiltered') : t('review.none')}
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
                    {filtered ? (
                      <Button component={Link} to="/people/review">
                        {t('review.clear')}
                      </Button>
                    ) : (
                      <Button component={Link} to="/people">
                        {t('import.toPeople')}
                      </Button>
                    )}
                  </>
                }
              >
                {filtered ? undefined : t('review.noneText')}
              </Empty>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

/** Order and filter of the queue; they stand in the address. */
function Filter({ shown }: { shown?: number }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const navigate = useNavigate();
  const search = useSearch({ from: '/inside/people/review' });
  const [name, setName] = useState(search.name ?? '');
  const put = (change: Record<string, string | undefined>) =>
    void navigate({ to: '/people/review', search: (old) => ({ ...old, ...change }), replace: true });
  useEffect(() => setName(search.name ?? ''), [search.name]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows the typed text, not the other way round
  useEffect(() => {
    const timer = setTimeout(() => name.trim() !== (search.name ?? '') && put({ name: name.trim() || undefined }), 250);
    return () => clearTimeout(timer);
  }, [name]);
  return (
    <div className="row wrap review-filter">
      <Select
        size="xs"
        aria-label={t('review.sort')}
        allowDeselect={false}
        data={REVIEW_ORDERS.map((value) => ({ value, label: t(`review.order.${value}`) }))}
        value={search.sort ?? 'value'}
        onChange={(sort) => put({ sort: sort === 'value' ? undefined : (sort ?? undefined) })}
      />
      <Select
        size="xs"
        aria-label={t('review.differs')}
        data={[
          { value: '', label: `${t('review.differs')}: ${t('review.anything')}` },
          ...REVIEW_FIELDS.map((value) => ({ value, label: `${t('review.differs')}: ${word(`field.${value}`)}` })),
        ]}
        allowDeselect={false}
        value={search.differs ?? ''}
        onChange={(differs) => put({ differs: differs || undefined })}
      />
      <TextInput
        size="xs"
        aria-label={t('review.name')}
        placeholder={t('review.name')}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      {shown !== undefined && <span className="dim small num">{f.n(shown)}</span>}
    </div>
  );
}
