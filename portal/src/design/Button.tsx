import { Link, type LinkProps } from "@tanstack/react-router";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

type Kind = "signal" | "plain" | "quiet" | "bad";

interface Look {
  /** `signal` is the barrier: at most one in a view. */
  kind?: Kind;
  size?: "normal" | "large";
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & Look & { busy?: boolean; icon?: boolean; ref?: Ref<HTMLButtonElement> };

export function Button({ kind = "plain", size = "normal", busy = false, icon = false, onClick, type = "button", className = "", ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      // The type is a parameter with a safe default.
      type={type}
      className={`button ${className}`}
      data-kind={kind}
      data-size={size}
      data-icon={icon || undefined}
      aria-busy={busy || undefined}
      // Not `disabled`: what has the focus would lose it, and nobody would be where the answer is shown.
      aria-disabled={busy || undefined}
      onClick={busy ? undefined : onClick}
    />
  );
}

export function ButtonLink({ kind = "plain", size = "normal", children, ...rest }: LinkProps & Look & { children: ReactNode }) {
  return (
    <Link {...rest} className="button" data-kind={kind} data-size={size}>
      {children}
    </Link>
  );
}
