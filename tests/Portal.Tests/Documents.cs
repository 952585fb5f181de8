namespace Tollgate.Portal.Tests;

/// <summary>OpenAPI documents and plans as a provider would write them.</summary>
internal static class Documents
{
    public const string About = "Every answer says where its numbers come from and when they were last changed.\n\nQuestions are answered on working days.";

    public const string Broken = """
        openapi: 3.1.0
        info:
          title: Tide Tables
          version: 1.0.0
        paths:
          /tides:
            get:
              operationId: listTides
              summary: High and low water of a port
              responses:
                '200':
                  description: The tides
                  content:
                    application/json:
                      schema:
                        $ref: '#/components/schemas/Tide'
        """;

    public const int BrokenLine = 16;

    public const string Weather = """
        openapi: 3.1.0
        info:
          title: Weather
          version: 2.4.0
        tags:
          - name: forecast
          - name: observations
        paths:
          /forecast:
            get:
              operationId: getForecast
              summary: The next ten days at a place
              tags: [forecast]
              parameters:
                - { name: place, in: query, required: true, schema: { type: string }, example: Lisbon }
              responses: { '200': { description: Hour by hour } }
          /forecast/{place}/rain:
            get:
              operationId: getRain
              summary: Rain of the next two hours, minute by minute
              tags: [forecast]
              parameters:
                - { name: place, in: path, required: true, schema: { type: string }, example: Lisbon }
              responses: { '200': { description: Minute by minute } }
          /observations:
            get:
              operationId: listObservations
              summary: What stations have measured
              tags: [observations]
              responses: { '200': { description: Newest first } }
            post:
              operationId: addObservation
              summary: Hand in a measurement of your own station
              tags: [observations]
              responses: { '202': { description: Taken } }
          /stations/{id}:
            get:
              operationId: getStation
              summary: One station, and since when it measures
              tags: [observations]
              parameters:
                - { name: id, in: path, required: true, schema: { type: string }, example: lis-01 }
              responses: { '200': { description: The station } }
        """;

    public static object[] WeatherPlans { get; } =
    [
        Plan("Free", "To try it, and for small things", 0, Allowance(60, "minute"), Allowance(1_000, "month")),
        Plan("Business", "For an application in use", 2900, Allowance(600, "minute"), Allowance(10_000, "billing_period", "0.004")),
        Plan("Large", "For many users", 19900, Allowance(6_000, "minute"), Allowance(200_000, "billing_period", "0.0015")),
    ];

    public static object[] RatesPlans { get; } =
    [
        Plan("Starter", "A few look-ups a day", 900, Allowance(10, "minute"), Allowance(5, "billing_period", "0.25")),
    ];

    public static string Small(string title, string path) => $$"""
        openapi: 3.1.0
        info: { title: {{title}}, version: 1.0.0 }
        paths:
          {{path}}:
            get:
              operationId: look
              summary: Look it up
              responses: { '200': { description: What was found } }
        """;

    private static object Plan(string name, string description, long amount, params object[] allowances) =>
        new { name, description, price = new { amount, currency = "usd", interval = "month" }, allowances };

    private static object Allowance(long amount, string window, string? unitPrice = null) =>
        new { meter = "requests", amount, window, past = unitPrice is null ? "deny" : "charge", unit_price = unitPrice };
}
