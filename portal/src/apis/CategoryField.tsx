import { useQuery } from "@tanstack/react-query";
import { categoriesQuery } from "~/catalog/data";
import { SelectField } from "~/design/Field";

/** Where the catalog lists it. */
export function CategoryField({ current = "other", error }: { current?: string; error: string | undefined }) {
  const categories = useQuery(categoriesQuery).data?.data ?? [];
  const known = categories.some((each) => each.slug === current);
  return (
    <SelectField key={categories.length} label="Category" name="category" defaultValue={current} error={error}>
      {!known && <option value={current}>{current}</option>}
      {categories.map((each) => (
        <option key={each.slug} value={each.slug}>
          {each.name}
        </option>
      ))}
    </SelectField>
  );
}
