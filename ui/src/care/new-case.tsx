import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import { SidePanel } from '~/design/panel';
import { ErrorNote } from '~/design/state';
import { done } from '~/design/toast';
import { useRefreshCare } from './api';
import { Finder } from './person';
import { type CareCard, CHANNELS, SEVERITIES, TOPICS } from './types';

/** A complaint that came by phone or letter. */
export function NewCase({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const { t } = useTranslation();
  const refresh = useRefreshCare();
  const [who, setWho] = useState<{ id: string; name: string }>();
  const [form, setForm] = useState({ channel: 'call', text: '', author: '', topic: '', severity: 'normal' });
  const set = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  const save = useMutation({
    mutationFn: () => api.post<CareCard>('/api/inbox', { ...form, customer_id: who?.id }),
    onSuccess: (card) => {
      refresh();
      done(t('care.new.made'));
      onMade(card.item.id);
    },
  });
  return (
    <SidePanel title={t('care.new.title')} onClose={onClose}>
      <form
        className="col"
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending) save.mutate();
        }}
      >
        <NativeSelect
          label={t('care.channel.label')}
          value={form.channel}
          onChange={(e) => set({ channel: e.currentTarget.value })}
          data={CHANNELS.map((value) => ({ value, label: t(`care.channel.${value}`) }))}
        />
        <Textarea
          label={t('care.new.text')}
          required
          autosize
          minRows={3}
          value={form.text}
          onChange={(e) => set({ text: e.target.value })}
        />
        {who ? (
          <div className="row">
            <span className="strong grow">{who.name}</span>
            <Button variant="subtle" size="compact-sm" onClick={() => setWho(undefined)}>
              {t('care.person.unlink')}
            </Button>
          </div>
        ) : (
          <>
            <TextInput
              label={t('care.new.author')}
              value={form.author}
              onChange={(e) => set({ author: e.target.value })}
            />
            <Finder onChoose={setWho} />
          </>
        )}
        <NativeSelect
          label={t('care.topic.label')}
          value={form.topic}
          onChange={(e) => set({ topic: e.currentTarget.value })}
          data={[
            { value: '', label: t('care.topic.none') },
            ...TOPICS.map((value) => ({ value, label: t(`care.topic.${value}`) })),
          ]}
        />
        <NativeSelect
          label={t('care.severity.label')}
          value={form.severity}
          onChange={(e) => set({ severity: e.currentTarget.value })}
          data={SEVERITIES.map((value) => ({ value, label: t(`care.severity.${value}`) }))}
        />
        {save.error && <ErrorNote error={save.error} />}
        <div>
          <Button type="submit" loading={save.isPending} disabled={!form.text.trim()}>
            {t('care.new.save')}
          </Button>
        </div>
      </form>
    </SidePanel>
  );
}
