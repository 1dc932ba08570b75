import { Button, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconTrash } from '@tabler/icons-react';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { Page as PageOf } from '~/api/types';
import { SendToJourney } from '~/campaign/journey';
import { useFormat } from '~/design/format';
import { useKeys } from '~/design/keys';
import { Card, Page } from '~/design/page';
import { BoneRows, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { PeopleList } from '~/identity/people-list';
import { Advertising } from './advertising';
import { type Segment, segmentsQuery } from './api';
import { Builder } from './builder';
import { type FieldInfo, type Group, rootOf, toRule } from './rule';

export function SegmentPage() {
  const { id } = useParams({ from: '/inside/segments/$id' });
  const { t } = useTranslation();
  const segments = useQuery(segmentsQuery);
  const fields = useQuery({
    queryKey: ['segment-fields'],
    staleTime: 5 * 60_000,
    queryFn: ({ signal }) => api.get<PageOf<FieldInfo>>('/api/segments/fields', undefined, signal),
  });
  const segment = segments.data?.items.find((s) => s.id === id);
  const error = fields.error ?? (id === 'new' ? null : segments.error);
  if (error)
    return (
      <Page title={t('segment.one')}>
        <ErrorNote error={error} retry={() => void fields.refetch()} />
      </Page>
    );
  if (!fields.data || (id !== 'new' && segments.isPending))
    return (
      <Page title={t('segment.one')}>
        <BoneRows rows={8} />
      </Page>
    );
  return <Editor key={id} segment={segment} fields={fields.data.items} />;
}

function Editor({ segment, fields }: { segment?: Segment; fields: FieldInfo[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const navigate = useNavigate();
  const client = useQueryClient();
  const problem = useProblemText();
  const [name, setName] = useState(segment?.name ?? '');
  const [root, setRoot] = useState<Group>(() => rootOf(segment?.rule));
  const rule = toRule(root);
  const [settled] = useDebouncedValue(JSON.stringify(rule ?? null), 250);
  const asked = settled === 'null' ? undefined : (JSON.parse(settled) as typeof rule);
  const count = useQuery({
    queryKey: ['segment-count', asked],
    queryFn: ({ signal }) =>
      api.post<{ customers: number; milliseconds?: number }>('/api/segments/count', { rule: asked }, { signal }),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  const save = useMutation({
    mutationFn: () =>
      segment
        ? api.patch<Segment>(`/api/segments/${segment.id}`, { name: name.trim(), rule })
        : api.post<Segment>('/api/segments', { name: name.trim(), rule }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['segments'] });
      done(t('state.saved'));
      if (!segment && made) void navigate({ to: '/segments/$id', params: { id: made.id }, replace: true });
    },
    onError: (error) => failed(problem(error)),
  });
  const restore = useMutation({
    mutationFn: (old: Segment) => api.post('/api/segments', { name: old.name, rule: old.rule }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['segments'] }),
    onError: (error) => failed(problem(error)),
  });
  const remove = useMutation({
    mutationFn: (old: Segment) => api.del(`/api/segments/${old.id}`),
    onSuccess: async (_, old) => {
      await navigate({ to: '/segments' });
      void client.invalidateQueries({ queryKey: ['segments'] });
      done(t('segment.deleted'), () => restore.mutate(old));
    },
    onError: (error) => failed(problem(error)),
  });
  const ready = rule !== undefined && name.trim() !== '';
  useKeys({ 'ctrl+s': () => ready && save.mutate() });
  return (
    <Page
      title={segment ? segment.name : t('nav.newSegment')}
      actions={
        <>
          {segment && <Advertising segment={segment} />}
          {segment && <SendToJourney whom={{ segment_id: segment.id }} />}
          {segment && (
            <Button
              variant="subtle"
              color="gray"
              leftSection={<IconTrash size={16} />}
              onClick={() => remove.mutate(segment)}
            >
              {t('do.delete')}
            </Button>
          )}
          <Button
            disabled={!ready}
            loading={save.isPending}
            onClick={() => save.mutate()}
            rightSection={<kbd>Ctrl S</kbd>}
          >
            {t('do.save')}
          </Button>
        </>
      }
    >
      <Card>
        <div className="col">
          <TextInput
            label={t('segment.name')}
            placeholder={t('segment.namePlaceholder')}
            value={name}
            onChange={(e) => setName(e.target.value)}
            maw={420}
          />
          <Builder root={root} fields={fields} onChange={setRoot} />
        </div>
      </Card>
      <div className="row" aria-live="polite">
        <span className="big-n num">{asked ? f.n(count.data?.customers) : '–'}</span>
        <span className="dim">
          {asked ? t('segment.found', { count: count.data?.customers ?? 0 }) : t('segment.addFirst')}
        </span>
      </div>
      {count.error && asked && <ErrorNote error={count.error} />}
      {asked && (
        <Loaded query={count} skeleton={<BoneRows rows={6} />}>
          {() => (
            <PeopleList
              question={{ key: ['segment-list'], path: '/api/segments/list', body: { rule: asked } }}
              onOpen={(c) => void navigate({ to: '/people/$id', params: { id: c.id } })}
              height={420}
            />
          )}
        </Loaded>
      )}
    </Page>
  );
}
