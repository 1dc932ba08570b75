import { Button, Checkbox, Textarea, TextInput } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { Category, LangCode, Page } from '~/api/types';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneRows, ErrorNote, Loaded, useProblemText } from '~/design/state';
import { done, failed } from '~/design/toast';
import { briefQuery } from './api';
import type { Brief } from './types';

/** What the project is about, beside the calculator of what it could bring. */
export function BriefCard() {
  const { t } = useTranslation();
  const brief = useQuery(briefQuery);
  return (
    <Card title={t('improve.brief.title')}>
      <Loaded query={brief} skeleton={<BoneRows rows={5} />}>
        {(b) => <BriefForm key={JSON.stringify(b)} brief={b} />}
      </Loaded>
    </Card>
  );
}

function BriefForm({ brief }: { brief: Brief }) {
  const { t } = useTranslation();
  const f = useFormat();
  const client = useQueryClient();
  const mayEdit = can(useSession(), 'audience');
  const [form, setForm] = useState(brief);
  const set = (change: Partial<Brief>) => setForm({ ...form, ...change });
  const save = useMutation({
    mutationFn: () => api.put<Brief>('/api/brief', form),
    onSuccess: (saved) => {
      if (saved) client.setQueryData(briefQuery.queryKey, saved);
      done(t('state.saved'));
    },
  });
  const changed = JSON.stringify(form) !== JSON.stringify(brief);
  const link = /^https?:\/\//.test(brief.knowledge_url) && (
    <a href={brief.knowledge_url} target="_blank" rel="noreferrer">
      {t('improve.brief.knowledge')} <IconExternalLink size={14} />
    </a>
  );
  if (!mayEdit)
    return (
      <dl className="facts">
        <dt>{t('improve.brief.goal')}</dt>
        <dd>{brief.goal || '–'}</dd>
        <dt>{t('improve.brief.base')}</dt>
        <dd>{brief.base || '–'}</dd>
        <dt>{t('improve.brief.period')}</dt>
        <dd>
          {f.date(brief.starts)} – {f.date(brief.ends)}
        </dd>
        <dt>{t('improve.brief.approver')}</dt>
        <dd>{brief.approver || '–'}</dd>
        <dt>{t('improve.brief.contacts')}</dt>
        <dd>{brief.contacts || '–'}</dd>
        {link && <dd>{link}</dd>}
      </dl>
    );
  return (
    <form
      className="col"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Textarea
        label={t('improve.brief.goal')}
        autosize
        minRows={1}
        value={form.goal}
        onChange={(e) => set({ goal: e.target.value })}
      />
      <Textarea
        label={t('improve.brief.base')}
        autosize
        minRows={1}
        value={form.base}
        onChange={(e) => set({ base: e.target.value })}
      />
      <div className="two">
        <TextInput
          label={t('improve.brief.starts')}
          type="date"
          value={form.starts ?? ''}
          onChange={(e) => set({ starts: e.target.value || null })}
        />
        <TextInput
          label={t('improve.brief.ends')}
          type="date"
          value={form.ends ?? ''}
          onChange={(e) => set({ ends: e.target.value || null })}
        />
        <TextInput
          label={t('improve.brief.approver')}
          value={form.approver}
          onChange={(e) => set({ approver: e.target.value })}
        />
        <TextInput
          label={t('improve.brief.contacts')}
          value={form.contacts}
          onChange={(e) => set({ contacts: e.target.value })}
        />
      </div>
      <TextInput
        label={t('improve.brief.knowledge')}
        type="url"
        value={form.knowledge_url}
        onChange={(e) => set({ knowledge_url: e.target.value })}
      />
      {save.error && <ErrorNote error={save.error} />}
      <div className="row">
        <Button type="submit" variant="default" disabled={!changed} loading={save.isPending}>
          {t('do.save')}
        </Button>
        {link}
      </div>
    </form>
  );
}

/** Goods whose use has to be explained: their first-time buyers get a chain of letters. */
export function BriefCategories() {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const problem = useProblemText();
  const mayEdit = can(useSession(), 'audience');
  const brief = useQuery(briefQuery);
  const categories = useQuery({
    queryKey: ['categories'],
    staleTime: 5 * 60_000,
    queryFn: ({ signal }) => api.get<Page<Category>>('/api/categories', undefined, signal),
    enabled: mayEdit,
  });
  const save = useMutation({
    mutationFn: (complex_categories: string[]) => api.put<Brief>('/api/brief', { ...brief.data, complex_categories }),
    onSuccess: (saved) => {
      if (saved) client.setQueryData(briefQuery.queryKey, saved);
      void client.invalidateQueries({ queryKey: ['recommendations'] });
    },
    onError: (error) => failed(problem(error)),
  });
  if (!mayEdit || !brief.data || !categories.data || categories.data.items.length === 0) return null;
  const lang = i18n.language as LangCode;
  return (
    <Card title={t('improve.complex.title')}>
      <Checkbox.Group
        label={t('improve.complex.text')}
        value={brief.data.complex_categories}
        onChange={(next) => save.mutate(next)}
      >
        <div className="row wrap" style={{ marginTop: 8 }}>
          {categories.data.items.map((c) => (
            <Checkbox
              key={c.id}
              value={c.id}
              label={lang === 'ru' ? c.name_ru : lang === 'uk' ? c.name_uk : c.name_en}
            />
          ))}
        </div>
      </Checkbox.Group>
    </Card>
  );
}
