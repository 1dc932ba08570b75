import { ActionIcon, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from './keys';
import './panel.css';

/** Stands beside the list and leaves it usable; Esc closes. */
export function SidePanel({
  title,
  lead,
  actions,
  children,
  onClose,
  wide,
}: {
  title: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  onClose: () => void;
  wide?: boolean;
}) {
  const { t } = useTranslation();
  const ref = useRef<HTMLElement>(null);
  useKeys({ esc: onClose });
  useEffect(() => {
    // The focus stays where the person is, unless the panel covers the page.
    if (matchMedia('(max-width: 900px)').matches) ref.current?.focus();
  }, []);
  return (
    <aside
      ref={ref}
      className="panel"
      data-wide={wide || undefined}
      aria-label={typeof title === 'string' ? title : undefined}
      tabIndex={-1}
    >
      <header className="panel-head">
        <div className="grow">
          <h2 className="cut">{title}</h2>
          {lead && <div className="dim small">{lead}</div>}
        </div>
        {actions}
        <Tooltip
          label={
            <>
              {t('do.close')} <kbd>Esc</kbd>
            </>
          }
        >
          <ActionIcon variant="subtle" color="gray" aria-label={t('do.close')} onClick={onClose}>
            <IconX size={17} />
          </ActionIcon>
        </Tooltip>
      </header>
      <div className="panel-body">{children}</div>
    </aside>
  );
}
