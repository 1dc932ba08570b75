import { Button, Modal, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconArrowsSplit2, IconGitMerge, IconSearch } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, Problem } from '~/api/client';
import type { CustomerPair, PairDecided } from '~/api/types';
import { useFormat } from '~/design/format';
import { BoneRows, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { useWord } from '~/i18n/word';
import { findPeople } from './api';
import { Reasons } from './customer';
import { Side } from './side';

type Decision = { decision: 'merge' | 'apart' | 'undecided'; over?: boolean };

/** Two cards are compared and joined, or kept apart, outside the queue of doubtful pairs. */
export function PairDialog({
  id,
  other: given,
  onBack,
  onClose,
}: {
  id: string;
  other?: string;
  onBack?: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(given);
  return (
    <Modal opened onClose={onClose} title={t('pair.title')} size={chosen ? 'xl' : 'md'}>
      {chosen ? (
        <Compared id={id} other={chosen} onBack={onBack ?? (() => setChosen(undefined))} onClose={onClose} />
      ) : (
        <Choose id={id} onChoose={setChosen} />
      )}
    </Modal>
  );
}

function Choose({ id, onChoose }: { id: string; onChoose: (id: string) => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 200);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useQuery({
    queryKey: ['customers', 'found', asked],
    queryFn: ({ signal }) => findPeople(asked, signal),
    enabled: asked.length > 1,
  });
  const rows = found.data?.filter((c) => c.id !== id);
  return (
    <div className="col">
      <p className="dim">{t('pair.text')}</p>
      <TextInput
        aria-label={t('pair.find')}
        placeholder={t('pair.find')}
        leftSection={<IconSearch size={16} />}
        value={text}
        onChange={(e) => setText(e.target.value)}
        data-autofocus
      />
      {found.error && <ErrorNote error={found.error} />}
      {found.isFetching && !rows && <BoneRows rows={3} />}
      <ul className="plain pair-found">
        {rows?.map((c) => (
          <li key={c.id}>
            <button type="button" className="pair-choice" onClick={() => onChoose(c.id)}>
              <span className="strong">{c.name || t('people.unnamed')}</span>
              <span className="dim small num">{[c.contact, c.hint].filter(Boolean).join(' · ')}</span>
            </button>
          </li>
        ))}
      </ul>
      {rows?.length === 0 && <p className="dim">{t('people.nobody')}</p>}
    </div>
  );
}

function Compared({
  id,
  other,
  onBack,
  onClose,
}: {
  id: string;
  other: string;
  onBack: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const problem = useProblemText();
  const client = useQueryClient();
  const navigate = useNavigate();
  const path = `/api/customers/${id}/pair/${other}`;
  const pair = useQuery({
    queryKey: ['pair', id, other],
    queryFn: ({ signal }) => api.get<CustomerPair>(path, undefined, signal),
  });
  const say = (error: unknown) =>
    error instanceof Problem && /^(kept_apart|same_customer|not_joined)$/.test(error.body.code ?? '')
      ? word(`fault.${error.body.code}`)
      : problem(error);
  const decide = useMutation({
    mutationFn: (body: Decision) => api.post<PairDecided>(path, body),
    onSuccess: async (answer, { decision }) => {
      const takeBack = async () => {
        try {
          if (answer.merge_id) await api.post(`/api/merges/${answer.merge_id}/undo`);
          else await api.post(path, { decision: 'undecided' });
        } catch (error) {
          failed(say(error));
        }
        await client.invalidateQueries();
      };
      if (decision === 'undecided') done(t('pair.undecided'));
      else done(decision === 'merge' ? t('pair.merged') : t('pair.kept'), () => void takeBack());
      await client.invalidateQueries();
      if (decision === 'undecided') return;
      onClose();
      if (decision === 'merge' && answer.customer_id !== id)
        await navigate({ to: '/people/$id', params: { id: answer.customer_id } });
    },
    onError: (error) => {
      failed(say(error));
      void pair.refetch();
    },
  });
  if (pair.error && !pair.data)
    return (
      <div className="col">
        <div className="note" data-tone="bad" role="alert">
          <IconAlertTriangle size={18} />
          <span className="grow">{say(pair.error)}</span>
        </div>
        <div>
          <Button variant="default" onClick={onBack}>
            {t('do.back')}
          </Button>
        </div>
      </div>
    );
  return (
    <Loaded query={pair} skeleton={<BoneRows rows={8} />}>
      {(p) => (
        <div className="col">
          <div className="review pair">
            <Side card={p.left} other={p.right} />
            <Side card={p.right} other={p.left} />
          </div>
          <div className="review-share">
            <span className="big-n">{f.pct(p.probability, 0)}</span>
            <span className="dim">{t('review.probability')}</span>
          </div>
          {p.contradicts && (
            <div className="note" data-tone="warn">
              <IconAlertTriangle size={18} />
              <span className="grow">{t('pair.contradicts')}</span>
            </div>
          )}
          {p.apart && (
            <div className="note" data-tone="warn">
              <IconAlertTriangle size={18} />
              <span className="grow">{t('pair.wasApart', { at: f.date(p.apart.at), by: p.apart.by })}</span>
            </div>
          )}
          <Reasons reasons={p.reasons} />
          <div className="row wrap">
            <Button
              leftSection={<IconGitMerge size={17} />}
              loading={decide.isPending}
              onClick={() => decide.mutate({ decision: 'merge', over: !!p.apart })}
            >
              {p.apart ? t('pair.over') : t('pair.merge')}
            </Button>
            {p.apart ? (
              <Button variant="default" onClick={() => decide.mutate({ decision: 'undecided' })}>
                {t('pair.forget')}
              </Button>
            ) : (
              <Button
                variant="default"
                leftSection={<IconArrowsSplit2 size={17} />}
                onClick={() => decide.mutate({ decision: 'apart' })}
              >
                {t('pair.apart')}
              </Button>
            )}
            <Button variant="subtle" color="gray" onClick={onBack}>
              {t('pair.another')}
            </Button>
          </div>
        </div>
      )}
    </Loaded>
  );
}
