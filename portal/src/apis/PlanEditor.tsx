import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "~/design/Button";
import { Dialog } from "~/design/Dialog";
import { SelectField, TextField } from "~/design/Field";
import { Failed } from "~/design/States";
import { useForm } from "~/design/useForm";
import { metersQuery } from "~/meters/data";
import { AllowanceFields } from "./AllowanceFields";
import { savePlan, type Api, type Plan } from "./data";
import { currencies, newAllowance, toDraft, toForm, type AllowanceForm, type PlanForm } from "./planForm";

interface PlanEditorProps {
  api: Api;
  plan: Plan | null;
  first: boolean;
  onClose: () => void;
}

export function PlanEditor({ api, plan, first, onClose }: PlanEditorProps) {
  const [values, setValues] = useState<PlanForm>(() => toForm(plan, first));
  const own = useQuery(metersQuery(api.organization.id)).data ?? [];
  const declared = own.filter((each) => each.archived_at === null).map((each) => each.name);
  const set = (part: Partial<PlanForm>) => setValues((before) => ({ ...before, ...part }));
  const setAllowance = (row: number, part: Partial<AllowanceForm>) =>
    set({ allowances: values.allowances.map((each) => (each.row === row ? { ...each, ...part } : each)) });
  const shown = ["name", "description", "price", "price.amount", "price.currency", "price.interval"].concat(
    values.allowances.flatMap((_, index) => ["meter", "amount", "window", "past", "unit_price"].map((field) => `allowances.${index}.${field}`)),
  );
  const form = useForm(shown, () => savePlan(api.id, plan, toDraft(values)), onClose);
  const remove = (row: number) => {
    form.forget();
    set({ allowances: values.allowances.filter((each) => each.row !== row) });
  };
  return (
    <Dialog open wide title={plan ? `Edit ${plan.name}` : "Add a plan"} onClose={onClose}>
      <form className="grid gap-16" {...form.props}>
        {plan && <p className="text-13 text-quiet">A change makes version {plan.version + 1}. Who is subscribed keeps the version they have.</p>}
        {form.problem && <Failed error={form.problem} what="The plan was not saved." />}
        <div className="grid sm:grid-cols-2 gap-16">
          <TextField label="Plan name" name="name" data-focus required value={values.name} onChange={(event) => set({ name: event.target.value })} error={form.errorOf("name")} />
          <TextField label="For whom" name="description" value={values.description} onChange={(event) => set({ description: event.target.value })} placeholder="To try it, and for small things" error={form.errorOf("description")} />
        </div>
        <div className="grid grid-cols-3 gap-8">
          <TextField
            label="Price"
            name="price.amount"
            inputMode="decimal"
            required
            value={values.price}
            onChange={(event) => set({ price: event.target.value })}
            placeholder="29.00"
            hint="0 is free"
            error={form.errorOf("price", "price.amount")}
          />
          <SelectField label="Currency" name="price.currency" value={values.currency} onChange={(event) => set({ currency: event.target.value })} error={form.errorOf("price.currency")}>
            {[...new Set([...currencies, values.currency])].map((each) => (
              <option key={each} value={each}>
                {each.toUpperCase()}
              </option>
            ))}
          </SelectField>
          <SelectField label="Each" name="price.interval" value={values.interval} onChange={(event) => set({ interval: event.target.value === "year" ? "year" : "month" })} error={form.errorOf("price.interval")}>
            <option value="month">month</option>
            <option value="year">year</option>
          </SelectField>
        </div>
        <div role="group" aria-label="Allowances">
          {values.allowances.map((each, index) => (
            <AllowanceFields
              key={each.row}
              index={index}
              value={each}
              declared={declared}
              onChange={(part) => setAllowance(each.row, part)}
              onRemove={() => remove(each.row)}
              errorOf={(field) => form.errorOf(`allowances.${index}.${field}`)}
            />
          ))}
          <div className="flex flex-wrap items-center gap-x-16 gap-y-8 border-t border-line pt-12">
            <Button onClick={() => set({ allowances: [...values.allowances, newAllowance()] })}>Add an allowance</Button>
            {declared.length === 0 && (
              <span className="text-12 text-quiet">
                Of something that calls do not show?{" "}
                <Link to="/meters" className="link text-ink">
                  Declare a meter
                </Link>
              </span>
            )}
          </div>
        </div>
        <footer className="flex justify-end gap-8">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" kind="signal" busy={form.busy}>
            Save plan
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
