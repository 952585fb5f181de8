// The upstream that the first run publishes: a real little API without dependencies. It listens on this machine only and trusts its gateway.
using System.Text.Json;
using Tollgate.Samples.Almanac;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls(builder.Configuration["Almanac:Url"] ?? "http://127.0.0.1:8090");
builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
builder.Services.AddSingleton(TimeProvider.System);
var app = builder.Build();

app.MapGet("/v1/sun", (TimeProvider clock, double latitude, double longitude, DateOnly? date) => latitude is < -90 or > 90 || longitude is < -180 or > 180
    ? Results.BadRequest(new { error = "latitude is within ±90, longitude within ±180" })
    : Results.Ok(Sky.Sun(date ?? Today(clock), latitude, longitude)));
app.MapGet("/v1/moon", (TimeProvider clock, DateOnly? date) => Sky.Moon(date ?? Today(clock)));
app.MapGet("/v1/moon/calendar", (int year, int month) => year is < 1900 or > 2200 || month is < 1 or > 12
    ? Results.BadRequest(new { error = "year is within 1900 to 2200, month within 1 to 12" })
    : Results.Ok(Enumerable.Range(1, DateTime.DaysInMonth(year, month)).Select(day => Sky.Moon(new DateOnly(year, month, day)))));
app.MapPost("/v1/notes", (Note note) => Results.Created($"/v1/notes/{note.Date:O}", new { note.Date, note.Text, moon = Sky.Moon(note.Date).Phase }));
app.MapGet("/v1/clock", async (HttpContext context, TimeProvider clock, int? ticks) =>
{
    context.Response.ContentType = "text/event-stream";
    for (var i = 0; i < Math.Clamp(ticks ?? 10, 1, 3600); i++)
    {
        await context.Response.WriteAsync($"event: tick\ndata: {clock.GetUtcNow():O}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await Task.Delay(TimeSpan.FromSeconds(1), clock, context.RequestAborted);
    }
});
await app.RunAsync();

static DateOnly Today(TimeProvider clock) => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
