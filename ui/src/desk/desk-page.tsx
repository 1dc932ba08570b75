import { Button, Checkbox, Modal, Textarea, TextInput } from '@mantine/core';
import {
  IconHeadset,
  IconPhoneIncoming,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerSkipForward,
} from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, newKey, Problem } from '~/api/client';
import { useEvents } from '~/api/events';
import type { Category, CustomerCard, DeskTask, LangCode, Page as PageOf } from '~/api/types';
import { useSession } from '~/app/router';
import { ScriptText } from '~/content/script-text';
import { useFormat } from '~/design/format';
import { useKeys } from '~/design/keys';
import { Empty, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { CorrectionFields, type Corrections, filled } from '~/identity/correct';
import { Addresses, CardFacts, ConsentList, Contacts, Orders } from '~/identity/customer';
import { fieldOf } from '~/identity/fault';
import { Likely, useLikely } from '~/identity/likely';
import { NO_REFUSAL, RefusalFields, said } from '~/improve/refusal';
import { MyCoaching } from './coaching';
import { Inbound } from './inbound';
import { ObjectionCards, type Raised } from './objections';
import { OfferMenu } from './offers';
import '~/improve/improve.css';
import './desk.css';

const OUTCOMES = ['agreed', 'refused', 'call_later', 'wrong_number', 'no_answer'] as const;
type Outcome = (typeof OUTCOMES)[number];
/** Somebody was on the line. */
const TALKED = new Set<Outcome>(['agreed', 'refused', 'call_later']);
const OUTCOME_TONE: Record<Outcome, string | undefined> = {
  agreed: 'good',
  refused: 'bad',
  call_later: 'warn',
  wrong_number: undefined,
  no_answer: undefined,
};

interface Queue {
  counts?: { waiting?: number; taken?: number; done?: number; later?: number };
  items: {
    id: string;
    name: string;
    due_at?: string | null;
    attempts?: number;
    campaign?: string | { name?: string } | null;
  }[];
}

type Mode = 'ready' | 'call' | 'wrap' | 'paused';

function useTimer(since: number): string {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const s = Math.max(0, Math.floor((now - since) / 1000));
  return `${String(Math.floor(s / 60)).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`;
}

function StatusBar({
  mode,
  since,
  doneToday,
  onPause,
}: {
  mode: Mode;
  since: number;
  doneToday: number;
  onPause: () => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const time = useTimer(since);
  return (
    <div className="desk-status" data-mode={mode} role="status">
      <span className="desk-lamp" aria-hidden="true" />
      <b>{t(`desk.mode.${mode}`)}</b>
      <span className="num" aria-hidden="true">
        {time}
      </span>
      <span className="end dim">{t('desk.doneHere', { count: doneToday, n: f.n(doneToday) })}</span>
      <Button
        size="compact-sm"
        variant="default"
        disabled={mode === 'call' || mode === 'wrap'}
        leftSection={mode === 'paused' ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
        onClick={onPause}
        rightSection={<kbd>P</kbd>}
      >
        {mode === 'paused' ? t('desk.resume') : t('desk.pause')}
      </Button>
    </div>
  );
}

export function DeskPage() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const problem = useProblemText();
  const [task, setTask] = useState<DeskTask>();
  const [outcome, setOutcome] = useState<Outcome>();
  const [paused, setPaused] = useState(false);
  const [since, setSince] = useState(() => Date.now());
  const [finished, setFinished] = useState(0);
  const [inbound, setInbound] = useState(false);
  const queue = useQuery({
    queryKey: ['desk-tasks'],
    queryFn: ({ signal }) => api.get<Queue>('/api/desk/tasks', undefined, signal),
    refetchInterval: 15_000,
  });
  useEvents(['desk'], () => {
    void client.invalidateQueries({ queryKey: ['desk-tasks'] });
    void client.invalidateQueries({ queryKey: ['coaching'] });
  });
  useEffect(() => {
    document.title = `${t('nav.calls')} · Otklik`;
  }, [t]);
  const mode: Mode = paused ? 'paused' : !task ? 'ready' : outcome ? 'wrap' : 'call';
  // biome-ignore lint/correctness/useExhaustiveDependencies: the timer starts anew with each change of the state
  useEffect(() => setSince(Date.now()), [mode]);

  const next = useMutation({
    mutationFn: () => api.post<DeskTask | undefined>('/api/desk/next'),
    onSuccess: (got) => {
      setTask(got ?? undefined);
      setOutcome(undefined);
      if (!got) done(t('desk.noMore'));
      void client.invalidateQueries({ queryKey: ['desk-tasks'] });
    },
    onError: (error) => {
      setTask(undefined);
      if (error instanceof Problem && error.status === 404) done(t('desk.noMore'));
      else failed(problem(error));
      void client.invalidateQueries({ queryKey: ['desk-tasks'] });
    },
  });
  const release = useMutation({
    mutationFn: (id: string) => api.post(`/api/desk/tasks/${id}/release`),
    onSuccess: () => {
      setTask(undefined);
      setOutcome(undefined);
      void client.invalidateQueries({ queryKey: ['desk-tasks'] });
    },
    onError: (error) => failed(problem(error)),
  });

  const take = () => !task && !paused && !next.isPending && next.mutate();
  const keys: Record<string, (() => void) | undefined> = {
    n: take,
    p: task ? undefined : () => setPaused(!paused),
    esc: outcome ? () => setOutcome(undefined) : undefined,
  };
  if (task && !inbound)
    OUTCOMES.forEach((o, i) => {
      keys[String(i + 1)] = () => setOutcome(o);
    });
  useKeys(keys);

  return (
    <div className="desk">
      <h1 className="sr">{t('nav.calls')}</h1>
      <StatusBar mode={mode} since={since} doneToday={finished} onPause={() => setPaused(!paused)} />
      <div className="desk-panes">
        <section className="desk-pane" aria-label={t('desk.queue')}>
          <header className="desk-head">
            <h2 className="grow">{t('desk.queue')}</h2>
            <Button
              size="compact-sm"
              variant="subtle"
              leftSection={<IconPhoneIncoming size={15} />}
              onClick={() => setInbound(true)}
            >
              {t('desk.inbound')}
            </Button>
          </header>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
          <div className="desk-body" role="group" tabIndex={0} aria-label={t('desk.queue')}>
            <Loaded query={queue}>{(q) => <QueueList queue={q} taken={task?.id} />}</Loaded>
            <MyCoaching />
          </div>
        </section>
        <section className="desk-pane" aria-label={t('desk.talk')}>
          {task ? (
            <Talk
              key={task.id}
              task={task}
              outcome={outcome}
              onOutcome={setOutcome}
              onRelease={() => release.mutate(task.id)}
              onDone={() => {
                setFinished((n) => n + 1);
                if (paused) {
                  setTask(undefined);
                  setOutcome(undefined);
                } else next.mutate();
              }}
            />
          ) : (
            <div className="desk-body desk-idle">
              <Empty
                icon={<IconHeadset size={22} />}
                title={paused ? t('desk.mode.paused') : t('desk.readyTitle')}
                action={
                  !paused && (
                    <Button
                      size="md"
                      loading={next.isPending}
                      leftSection={<IconPlayerSkipForward size={17} />}
                      rightSection={<kbd>N</kbd>}
                      onClick={take}
                    >
                      {t('desk.take')}
                    </Button>
                  )
                }
              >
                {t('desk.readyText')}
              </Empty>
            </div>
          )}
        </section>
        <section className="desk-pane" aria-label={t('people.one')}>
          {task ? <Pop card={task.customer} /> : <p className="desk-body dim">{t('desk.cardHere')}</p>}
        </section>
      </div>
      <Modal opened={inbound} onClose={() => setInbound(false)} title={t('desk.inbound')}>
        <Inbound />
      </Modal>
    </div>
  );
}

function QueueList({ queue, taken }: { queue: Queue; taken?: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const waiting = queue.counts?.waiting ?? queue.items.length;
  return (
    <>
      <div className="desk-counts">
        {(['waiting', 'later', 'done'] as const).map((key) => (
          <div key={key}>
            <b className="num">{f.n(key === 'waiting' ? waiting : (queue.counts?.[key] ?? 0))}</b>
            <span className="dim small">{t(`desk.count.${key}`)}</span>
          </div>
        ))}
      </div>
      <ul className="contacts">
        {queue.items.map((item) => (
          <li
            key={item.id}
            data-taken={item.id === taken || undefined}
            className={item.id === taken ? 'strong' : undefined}
          >
            <span className="grow cut">{item.name}</span>
            {(item.attempts ?? 0) > 0 && (
              <span className="pill">{t('desk.attempts', { count: item.attempts ?? 0 })}</span>
            )}
            <span className="dim small nowrap">{f.date(item.due_at)}</span>
          </li>
        ))}
      </ul>
      {queue.items.length === 0 && <p className="dim">{t('desk.empty')}</p>}
    </>
  );
}

function Pop({ card }: { card: CustomerCard }) {
  const { t } = useTranslation();
  return (
    <>
      <header className="desk-head">
        <h2 className="grow cut">{card.name}</h2>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <div className="desk-body col" role="group" tabIndex={0} aria-label={card.name ?? undefined}>
        <CardFacts card={card} />
        <section className="col tight">
          <h3>{t('card.orders')}</h3>
          <Orders card={card} limit={5} />
        </section>
        <section className="col tight">
          <h3>{t('card.contacts')}</h3>
          <Contacts card={card} />
        </section>
        <section className="col tight">
          <h3>{t('card.addresses')}</h3>
          <Addresses card={card} />
        </section>
        <section className="col tight">
          <h3>{t('card.consents')}</h3>
          <ConsentList card={card} />
        </section>
      </div>
    </>
  );
}

function nameOf(category: Category, lang: LangCode): string {
  return category[`name_${lang}`] || category.name_en || category.key;
}

function Talk({
  task,
  outcome,
  onOutcome,
  onRelease,
  onDone,
}: {
  task: DeskTask;
  outcome?: Outcome;
  onOutcome: (o: Outcome | undefined) => void;
  onRelease: () => void;
  onDone: () => void;
}) {
  const { t, i18n } = useTranslation();
  const session = useSession();
  const [ticks, setTicks] = useState<ReadonlySet<number>>(new Set());
  const [note, setNote] = useState('');
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const [nextAt, setNextAt] = useState(() => tomorrow(session.campaign_now));
  const [interests, setInterests] = useState<string[]>([]);
  const [raised, setRaised] = useState<Raised[]>([]);
  const [fix, setFix] = useState<Corrections>({});
  const [key] = useState(newKey);
  const form = useRef<HTMLFormElement>(null);
  const categories = useQuery({
    queryKey: ['categories'],
    staleTime: 5 * 60_000,
    queryFn: ({ signal }) => api.get<PageOf<Category>>('/api/categories', undefined, signal),
    retry: false,
  });
  const typed = filled(fix);
  const likely = useLikely(
    Object.keys(typed).length > 0 ? { name: task.customer.name, ...typed } : {},
    task.customer.id,
  );
  const send = useMutation({
    mutationFn: () =>
      api.post(
        `/api/desk/tasks/${task.id}/outcome`,
        {
          outcome,
          note,
          ...(outcome === 'refused' ? said(refusal) : {}),
          next_at: outcome === 'call_later' ? new Date(nextAt).toISOString() : undefined,
          objections: outcome && TALKED.has(outcome) ? raised : undefined,
          corrections: Object.keys(typed).length > 0 ? typed : undefined,
          interests: outcome === 'agreed' && interests.length > 0 ? interests : undefined,
        },
        { idempotencyKey: key },
      ),
    onSuccess: onDone,
  });
  const lacks = !outcome || (outcome === 'refused' && !refusal.reason) || (outcome === 'call_later' && !nextAt);
  // The task stays in this operator's hands while it is open on the screen.
  useEffect(() => {
    const timer = setInterval(() => void api.post(`/api/desk/tasks/${task.id}/keep`).catch(() => undefined), 60_000);
    return () => clearInterval(timer);
  }, [task.id]);
  useKeys({ 'ctrl+enter': () => !lacks && !send.isPending && send.mutate() });
  useEffect(() => {
    if (outcome) form.current?.querySelector<HTMLElement>('select, input, textarea')?.focus();
  }, [outcome]);
  const wave = useMemo(() => {
    if (typeof task.campaign === 'object' && task.campaign) return task.campaign.name;
    return typeof task.campaign === 'string' ? task.campaign : '';
  }, [task.campaign]);
  return (
    <>
      <header className="desk-head">
        <div className="grow">
          <div className="dim small">{wave}</div>
          {task.number ? (
            <a className="desk-number num" href={`tel:${task.number}`}>
              {task.number}
            </a>
          ) : (
            <span className="dim">{t('desk.noNumber')}</span>
          )}
        </div>
        <div className="dim small right">
          {task.attempts > 0 && <div>{t('desk.attempts', { count: task.attempts })}</div>}
          {task.letter_sent && <div>{t('desk.letterSent')}</div>}
        </div>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={onRelease}>
          {t('desk.release')}
        </Button>
      </header>
      <div className="desk-body">
        <ScriptText
          text={task.script}
          ticks={ticks}
          onTick={(part) => {
            const next = new Set(ticks);
            if (!next.delete(part)) next.add(part);
            setTicks(next);
          }}
        />
      </div>
      <form
        ref={form}
        className="desk-foot"
        onSubmit={(event) => {
          event.preventDefault();
          if (!lacks) send.mutate();
        }}
      >
        <ObjectionCards raised={raised} onChange={setRaised} lang={task.script_language as LangCode} />
        <OfferMenu
          task={task.id}
          reason={outcome === 'refused' ? refusal.reason : ''}
          objections={raised.map((r) => r.code)}
        />
        <div className="desk-outcomes" role="group" aria-label={t('desk.outcome')}>
          {OUTCOMES.map((o, i) => (
            <button
              key={o}
              type="button"
              data-tone={OUTCOME_TONE[o]}
              aria-pressed={o === outcome}
              data-testid={`outcome-${o}`}
              onClick={() => onOutcome(o)}
            >
              <kbd>{i + 1}</kbd> {t(`outcome.${o}`)}
            </button>
          ))}
        </div>
        {outcome && (
          <div className="col">
            {outcome === 'refused' && (
              <RefusalFields value={refusal} onChange={setRefusal} orders={task.customer.orders} />
            )}
            {outcome === 'call_later' && (
              <TextInput
                label={t('desk.nextAt')}
                type="datetime-local"
                required
                value={nextAt}
                onChange={(e) => setNextAt(e.target.value)}
              />
            )}
            {outcome === 'agreed' && (categories.data?.items.length ?? 0) > 0 && (
              <Checkbox.Group label={t('desk.interests')} value={interests} onChange={setInterests}>
                <div className="row wrap" style={{ marginTop: 6 }}>
                  {categories.data?.items.map((c) => (
                    <Checkbox key={c.id} value={c.id} label={nameOf(c, i18n.language as LangCode)} />
                  ))}
                </div>
              </Checkbox.Group>
            )}
            <Textarea
              label={t('desk.note')}
              value={note}
              onChange={(e) => setNote(e.target.value)}
              autosize
              minRows={1}
              maxRows={4}
            />
            <details className="desk-fix">
              <summary>{t('correct.title')}</summary>
              <div className="two">
                <CorrectionFields form={fix} onChange={setFix} name={task.customer.name} error={send.error} />
              </div>
              <Likely found={likely.found} />
            </details>
            {send.error && !fieldOf(send.error) && <ErrorNote error={send.error} />}
            <div className="row">
              <Button
                type="submit"
                disabled={lacks}
                loading={send.isPending}
                rightSection={<kbd>Ctrl Enter</kbd>}
                data-testid="outcome-send"
              >
                {t('desk.saveNext')}
              </Button>
              <Button variant="subtle" color="gray" onClick={() => onOutcome(undefined)} rightSection={<kbd>Esc</kbd>}>
                {t('do.back')}
              </Button>
            </div>
          </div>
        )}
      </form>
    </>
  );
}

/** The same hour a day later on the campaign's clock, as the field of the browser wants it. */
function tomorrow(now: string): string {
  const date = new Date(new Date(now).getTime() + 86_400_000);
  if (Number.isNaN(date.getTime())) return '';
  date.setMinutes(date.getMinutes() - date.getTimezoneOffset());
  return date.toISOString().slice(0, 16);
}
