// The page's few icons, drawn in the colour of the text around them.

import type { ComponentChildren } from "preact";

function Icon({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg class="icon-shape" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export function CloseIcon() {
  return (
    <Icon>
      <path d="M4 4l8 8M12 4l-8 8" />
    </Icon>
  );
}

export function CheckIcon() {
  return (
    <Icon>
      <path d="M3 8.5l3.2 3.2L13 4.8" />
    </Icon>
  );
}

export function EditIcon() {
  return (
    <Icon>
      <path d="M10.8 3.2l2 2L5.5 12.5l-2.6.6.6-2.6z" />
    </Icon>
  );
}

export function ThemeIcon() {
  return (
    <Icon>
      <circle cx="8" cy="8" r="5.25" />
      <path d="M8 2.75a5.25 5.25 0 0 1 0 10.5z" fill="currentColor" />
    </Icon>
  );
}

export function AccountIcon() {
  return (
    <Icon>
      <circle cx="8" cy="5.5" r="2.6" />
      <path d="M3 13.2c.6-2.6 2.6-3.9 5-3.9s4.400 1.300 5 3.900" />
    </Icon>
  );
}

/** The mark: three orders, one after another. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 16 16" width="20" height="20" aria-hidden="true" focusable="false">
      <rect width="16" height="16" rx="4" />
      <path d="M4 4.75h8M4 8h5.5M4 11.25h3" />
    </svg>
  );
}
