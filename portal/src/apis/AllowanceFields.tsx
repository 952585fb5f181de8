import { Trash2 } from "lucide-react";
import { isDeclared, meterName, windowName } from "~/catalog/plans";
import { Button } from "~/design/Button";
import { SelectField, TextField } from "~/design/Field";
import { meters, windowsOf, type AllowanceForm } from "./planForm";

interface AllowanceFieldsProps {
  index: number;
  value: AllowanceForm;
  /** Names of the meters that the organization has declared. */
  declared: readonly string[];
  onChange: (part: Partial<AllowanceForm>) => void;
  onRemove: () => void;
  errorOf: (field: string) => string | undefined;
}

const option = (meter: string) => (
  <option key={meter} value={meter}>
    {meterName(meter)}
  </option>
);

/** A window that the meter cannot have gives way to a month. */
const ofMeter = (meter: string, window: AllowanceForm["window"]): Partial<AllowanceForm> => (windowsOf(meter).includes(window) ? { meter } : { meter, window: "month" });

/** One allowance, read from left to right: so many calls a month, past it refused. */
export function AllowanceFields({ index, value, declared, onChange, onRemove, errorOf }: AllowanceFieldsProps) {
  const own = [...new Set([...declared, ...(isDeclared(value.meter) ? [value.meter] : [])])];
  return (
    <fieldset className="allowance" aria-label={`Allowance ${index + 1}`}>
      <TextField label="Amount" name={`allowances.${index}.amount`} small inputMode="numeric" value={value.amount} onChange={(event) => onChange({ amount: event.target.value })} error={errorOf("amount")} />
      <SelectField label="Of" name={`allowances.${index}.meter`} small value={value.meter} onChange={(event) => onChange(ofMeter(event.target.value, value.window))} error={errorOf("meter")}>
        {[...new Set([...meters, ...(isDeclared(value.meter) ? [] : [value.meter])])].map(option)}
        {own.length > 0 && <optgroup label="Your meters">{own.map(option)}</optgroup>}
      </SelectField>
      <SelectField label="Each" name={`allowances.${index}.window`} small value={value.window} onChange={(event) => onChange({ window: windowsOf(value.meter).find((each) => each === event.target.value) ?? "month" })} error={errorOf("window")}>
        {windowsOf(value.meter).map((each) => (
          <option key={each} value={each}>
            {windowName(each)}
          </option>
        ))}
      </SelectField>
      <SelectField label="Past it" name={`allowances.${index}.past`} small value={value.past} onChange={(event) => onChange({ past: event.target.value === "charge" ? "charge" : "deny" })} error={errorOf("past")}>
        <option value="deny">Refuse</option>
        <option value="charge">Charge</option>
      </SelectField>
      <TextField
        label="Price each"
        name={`allowances.${index}.unit_price`}
        small
        inputMode="decimal"
        disabled={value.past === "deny"}
        value={value.past === "deny" ? "" : value.unitPrice}
        onChange={(event) => onChange({ unitPrice: event.target.value })}
        placeholder={value.past === "deny" ? "–" : "0.004"}
        error={errorOf("unit_price")}
      />
      <Button kind="quiet" icon className="allowance-remove" aria-label={`Remove allowance ${index + 1}`} onClick={onRemove}>
        <Trash2 aria-hidden className="size-16" />
      </Button>
    </fieldset>
  );
}
