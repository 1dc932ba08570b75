import type { ReactNode } from 'react';
import { useEffect } from 'react';
import './page.css';

export function Page({
  title,
  lead,
  actions,
  children,
  fill,
  wide,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** The page takes the height of the window and its own parts scroll (lists, the operator's screen). */
  fill?: boolean;
  wide?: boolean;
}) {
  useEffect(() => {
    document.title = `${title} · Otklik`;
  }, [title]);
  return (
    <div className="page" data-fill={fill || undefined} data-wide={wide || undefined}>
      <header className="page-head">
        <div className="grow">
          <h1>{title}</h1>
          {lead && <div className="page-lead">{lead}</div>}
        </div>
        {actions && <div className="row wrap page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({
  title,
  aside,
  children,
  flush,
  className,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
}) {
  return (
    <section className={`card${flush ? ' flush' : ''}${className ? ` ${className}` : ''}`}>
      {(title || aside) && (
        <header>
          {title && <h2 className="grow">{title}</h2>}
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}
