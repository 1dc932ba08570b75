import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { useAct } from './api';
import { type CareItem, OUTCOMES } from './types';

interface Props {
  item: CareItem;
  act: ReturnType<typeof useAct>;
}

/** What was answered where the person wrote; nothing is sent from here. */
export function Answer({ item, act }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  // What is typed stays until it is kept: a colleague's change must not take it away.
  const give = () =>
    text.trim() && !act.isPending && act.mutate({ verb: 'answer', body: { text } }, { onSuccess: () => setText('') });
  return (
    <form
      className="col tight"
      onSubmit={(event) => {
        event.preventDefault();
        give();
      }}
    >
      <Textarea
        id="care-answer"
        label={
          <>
            {item.answer ? t('care.answer.more') : t('care.answer.label')} <kbd>R</kbd>
          </>
        }
        description={t('care.answer.hint')}
        autosize
        minRows={2}
        value={text}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={(e) => {
          if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) give();
        }}
      />
      <div className="row tight">
        <Button type="submit" loading={act.isPending} disabled={!text.trim()} rightSection={<kbd>Ctrl ↵</kbd>}>
          {t('care.answer.save')}
        </Button>
      </div>
    </form>
  );
}

/** How it ended; a case says how it was resolved. */
export function Close({ item, act }: Props) {
  const { t } = useTranslation();
  const [outcome, setOutcome] = useState<string>('solved');
  const [resolution, setResolution] = useState('');
  const needed = item.kind === 'case';
  return (
    <form
      className="col tight"
      onSubmit={(event) => {
        event.preventDefault();
        act.mutate({ verb: 'close', body: { outcome, resolution } });
      }}
    >
      <div className="two">
        <NativeSelect
          id="care-outcome"
          label={
            <>
              {t('care.outcome.label')} <kbd>C</kbd>
            </>
          }
          value={outcome}
          onChange={(e) => setOutcome(e.currentTarget.value)}
          data={OUTCOMES.map((value) => ({ value, label: t(`care.outcome.${value}`) }))}
        />
        <TextInput
          label={t('care.item.resolution')}
          required={needed}
          value={resolution}
          onChange={(e) => setResolution(e.target.value)}
        />
      </div>
      <div>
        <Button type="submit" variant="default" loading={act.isPending} disabled={needed && !resolution.trim()}>
          {t('care.item.close')}
        </Button>
      </div>
    </form>
  );
}
