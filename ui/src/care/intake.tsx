import { Button, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api, Problem, upload } from '~/api/client';
import { useSession } from '~/app/router';
import { FileDrop } from '~/design/drop';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { ErrorNote, Loaded } from '~/design/state';
import { done } from '~/design/toast';
import { settingsQuery, useRefreshCare } from './api';
import type { CareSettings, MentionFile } from './types';

/** Where mentions come from, and the promises that they are measured by. */
export function IntakePart() {
  const mayEdit = can(useSession(), 'unmask');
  return (
    <div className="col loose">
      {mayEdit && <Files />}
      <ByHand />
      <Settings mayEdit={mayEdit} />
    </div>
  );
}

function Files() {
  const { t } = useTranslation();
  const f = useFormat();
  const refresh = useRefreshCare();
  const [order, setOrder] = useState('');
  const take = useMutation({
    mutationFn: (file: File) => {
      const form = new FormData();
      if (order) form.append('date_order', order);
      form.append('file', file);
      return upload<MentionFile>('/api/mentions/file', form, () => undefined);
    },
    onSuccess: refresh,
  });
  const dates = take.error instanceof Problem && take.error.body.code === 'care_dates';
  const made = take.data;
  return (
    <Card title={t('care.intake.file')}>
      <div className="col">
        <p className="dim small">{t('care.intake.columns')}</p>
        <FileDrop
          compact
          text={t('care.intake.fileText')}
          accept=".csv,.txt,.tsv,.xlsx,.xls,.ods,.json"
          busy={take.isPending}
          onFiles={(files) => files[0] && take.mutate(files[0])}
        />
        {(dates || order) && (
          <NativeSelect
            label={t('care.intake.order')}
            value={order}
            onChange={(e) => setOrder(e.currentTarget.value)}
            data={[
              { value: '', label: t('care.intake.orderGuess') },
              { value: 'dmy', label: t('care.intake.dmy') },
              { value: 'mdy', label: t('care.intake.mdy') },
            ]}
          />
        )}
        {take.error && <ErrorNote error={take.error} />}
        {made && (
          <div className="col tight" role="status">
            <p>
              {t('care.intake.made', {
                added: f.n(made.added),
                known: f.n(made.known),
                joined: f.n(made.joined),
                cases: f.n(made.cases),
                refused: f.n(made.refused_count),
              })}
            </p>
            {made.refused.length > 0 && (
              <table className="plain-table">
                <thead>
                  <tr>
                    <th className="n">{t('care.intake.line')}</th>
                    <th>{t('care.intake.column')}</th>
                    <th>{t('care.intake.what')}</th>
                  </tr>
                </thead>
                <tbody>
                  {made.refused.map((r) => (
                    <tr key={`${r.line} ${r.column}`}>
                      <td className="n">{r.line}</td>
                      <td>{r.column}</td>
                      <td>{r.what}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </div>
        )}
        <p className="dim small">{t('care.intake.api')}</p>
      </div>
    </Card>
  );
}

function ByHand() {
  const { t } = useTranslation();
  const refresh = useRefreshCare();
  const empty = { platform: '', author: '', profile: '', text: '', url: '', rating: '' };
  const [form, setForm] = useState(empty);
  const set = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  const save = useMutation({
    mutationFn: () =>
      api.post('/api/mentions', {
        mentions: [{ ...form, rating: form.rating ? Number(form.rating) : null }],
      }),
    onSuccess: () => {
      refresh();
      setForm(empty);
      done(t('care.intake.added'));
    },
  });
  return (
    <Card title={t('care.intake.hand')}>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending) save.mutate();
        }}
      >
        <div className="two">
          <TextInput
            label={t('care.log.platform')}
            required
            value={form.platform}
            onChange={(e) => set({ platform: e.target.value })}
          />
          <NativeSelect
            label={t('care.log.rating')}
            value={form.rating}
            onChange={(e) => set({ rating: e.currentTarget.value })}
            data={[{ value: '', label: t('care.intake.noRating') }, '1', '2', '3', '4', '5']}
          />
          <TextInput
            label={t('care.new.author')}
            value={form.author}
            onChange={(e) => set({ author: e.target.value })}
          />
          <TextInput
            label={t('care.intake.profile')}
            value={form.profile}
            onChange={(e) => set({ profile: e.target.value })}
          />
        </div>
        <TextInput
          label={t('care.intake.url')}
          type="url"
          value={form.url}
          onChange={(e) => set({ url: e.target.value })}
        />
        <Textarea
          label={t('care.log.text')}
          autosize
          minRows={2}
          value={form.text}
          onChange={(e) => set({ text: e.target.value })}
        />
        {save.error && <ErrorNote error={save.error} />}
        <div>
          <Button
            type="submit"
            variant="default"
            loading={save.isPending}
            disabled={!form.platform.trim() || !(form.text.trim() || form.rating)}
          >
            {t('do.add')}
          </Button>
        </div>
      </form>
    </Card>
  );
}

const FIELDS = ['reply_hours', 'high_hours', 'normal_hours', 'low_hours', 'negative_rating', 'repeat_days'] as const;

function Settings({ mayEdit }: { mayEdit: boolean }) {
  const { t } = useTranslation();
  const settings = useQuery(settingsQuery);
  return (
    <Card title={t('care.settings.title')}>
      <Loaded query={settings}>{(s) => <SettingsForm key={JSON.stringify(s)} old={s} mayEdit={mayEdit} />}</Loaded>
    </Card>
  );
}

function SettingsForm({ old, mayEdit }: { old: CareSettings; mayEdit: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form, setForm] = useState(old);
  const save = useMutation({
    mutationFn: () => api.put<CareSettings>('/api/care-settings', form),
    onSuccess: (made) => {
      client.setQueryData(settingsQuery.queryKey, made);
      done(t('state.saved'));
    },
  });
  return (
    <form
      className="col"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <fieldset className="two plain-set" disabled={!mayEdit}>
        {FIELDS.map((name) => (
          <NumberInput
            key={name}
            label={t(`care.settings.${name}`)}
            min={1}
            value={form[name]}
            onChange={(value) => setForm({ ...form, [name]: Number(value) || 0 })}
          />
        ))}
      </fieldset>
      <p className="dim small">{t('care.settings.text')}</p>
      {save.error && <ErrorNote error={save.error} />}
      {mayEdit && (
        <div>
          <Button type="submit" variant="default" loading={save.isPending}>
            {t('do.save')}
          </Button>
        </div>
      )}
    </form>
  );
}
