/** Reports one event, with the token and the subscription from the shell. As headers, so that no quotes stand inside quotes. */
export const reportCommand = (origin: string, meter: string): string =>
  [
    `curl -X POST ${origin}/api/usage/events \\`,
    `  -H "authorization: Bearer $TOKEN" \\`,
    `  -H "ce-specversion: 1.0" \\`,
    `  -H "ce-id: job-1" \\`,
    `  -H "ce-source: /jobs" \\`,
    `  -H "ce-type: ${meter}" \\`,
    `  -H "ce-subject: $SUBSCRIPTION" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '{"amount": 1}'`,
  ].join("\n");
