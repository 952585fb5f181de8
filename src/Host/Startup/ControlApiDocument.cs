using Microsoft.OpenApi;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Host.Startup;

/// <summary>The OpenAPI 3.1 document of the control API: served at /openapi.json, kept in docs/openapi.json, and the source of the generated clients.</summary>
internal static class ControlApiDocument
{
    public const string Name = "control";

    public static void AddControlApiDocument(this IServiceCollection services) => services.AddOpenApi(Name, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Tollgate", Version = "1", Description = "The control API: everything that the portal does. Money is in integer minor units, times are RFC 3339 UTC, lists are cursor-paged, errors are RFC 9457 problem+json with a stable `code`." };
            document.Servers = [new OpenApiServer { Url = "/" }];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes["session"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT", Description = "Access token of POST /auth/login, in the header Authorization." };
            document.Components.SecuritySchemes["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "x-api-key", Description = "A Tollgate key, here or as Authorization: Bearer." };
            DescribeProblems(document);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (var limit in (operation.Parameters ?? []).OfType<OpenApiParameter>().Where(parameter => parameter is { In: ParameterLocation.Query, Name: "limit" }))
                limit.Schema = PageLimit();
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<Microsoft.AspNetCore.Authorization.IAuthorizeData>().Any())
            {
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("session", context.Document)] = [] }];
                operation.Responses ??= [];
                operation.Responses.TryAdd("401", Problem("Unauthorized", context.Document));
                if (EndpointAccess.Forbids(metadata))
                    operation.Responses.TryAdd("403", Problem("Forbidden", context.Document));
            }
            return Task.CompletedTask;
        });
    });

    public static void MapControlApiDocument(this IEndpointRouteBuilder routes) =>
        routes.MapOpenApi("/{documentName}/openapi.json").WithName("getOpenApi").AllowAnonymous().RequireRateLimiting(AddressLimits.Public);

    private static OpenApiResponse Problem(string description, OpenApiDocument? document) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [Problems.ContentType] = new() { Schema = new OpenApiSchemaReference("ProblemDetails", document) } },
    };

    // A text on the way in, so that a wrong one can be told with all others; a number to who writes a client.
    private static OpenApiSchema PageLimit() => new()
    {
        Type = JsonSchemaType.Integer,
        Format = "int32",
        Minimum = "1",
        Maximum = Cursor.MaximumLimit.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Default = Cursor.DefaultLimit,
    };

    // The framework knows the members of RFC 9457; these are ours.
    private static void DescribeProblems(OpenApiDocument document)
    {
        if (document.Components?.Schemas?.TryGetValue("ProblemDetails", out var found) != true || found is not OpenApiSchema problem)
            return;
        OpenApiSchema Text() => new() { Type = JsonSchemaType.String };
        problem.Properties ??= new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal);
        problem.Properties["code"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Stable, UPPER_SNAKE; docs/problems.html explains each." };
        problem.Properties["request_id"] = Text();
        problem.Properties["errors"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array | JsonSchemaType.Null,
            Items = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string>(StringComparer.Ordinal) { "path", "code", "message" },
                Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal) { ["path"] = Text(), ["code"] = Text(), ["message"] = Text() },
            },
        };
    }
}
