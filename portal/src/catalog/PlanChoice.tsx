import { Price } from "~/design/Figures";
import type { ListingPlan } from "./data";
import { compare } from "./plans";

interface PlanChoiceProps {
  plans: readonly ListingPlan[];
  chosen: string | undefined;
  onChoose: (planId: string) => void;
}

/** Plans side by side, row by row the same terms; what differs is marked and set in full ink. */
export function PlanChoice({ plans, chosen, onChoose }: PlanChoiceProps) {
  const terms = compare(plans);
  return (
    <fieldset className="plans">
      <legend className="sr-only">Plan</legend>
      {plans.map((plan, column) => (
        <label key={plan.id} className="plan">
          <span className="flex items-center justify-between gap-8">
            <span className="text-16 font-semibold">{plan.name}</span>
            <input type="radio" name="plan" value={plan.id} checked={plan.id === chosen} onChange={() => onChoose(plan.id)} aria-label={plan.name} />
          </span>
          <span className="text-20">
            <Price {...plan.price} />
          </span>
          {plan.description && <span className="text-13 text-quiet">{plan.description}</span>}
          <dl className="terms mt-8">
            {terms.map((term) => (
              <div key={term.name} data-differs={term.differs || undefined}>
                <dt>{term.name}</dt>
                <dd>{term.texts[column]}</dd>
              </div>
            ))}
          </dl>
        </label>
      ))}
    </fieldset>
  );
}
