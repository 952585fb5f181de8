using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Foundation.Postgres.Schema;

/// <summary>One numbered SQL file of a module. The checksum does not depend on line ends, so that a checkout on another system is the same file.</summary>
internal sealed record MigrationFile(string Module, int Number, string Name, string Text, string Checksum)
{
    private const string Prefix = "Sql/";

    public string Title => $"{Module}/{Number:0000}_{Name}";

    public static MigrationFile Of(string module, int number, string name, string text)
    {
        text = text.ReplaceLineEndings("\n");
        return new MigrationFile(module, number, name, text, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    /// <summary>The files of a module by number; numbers start at 1 and have no gap.</summary>
    public static IReadOnlyList<MigrationFile> OfModule(SqlModule module)
    {
        var files = module.Assembly.GetManifestResourceNames()
            .Where(resource => resource.StartsWith(Prefix, StringComparison.Ordinal) && resource.EndsWith(".sql", StringComparison.Ordinal))
            .Select(resource => Read(module, resource))
            .OrderBy(file => file.Number)
            .ToList();
        CheckNumbers(files);
        return files;
    }

    public static void CheckNumbers(IReadOnlyList<MigrationFile> files)
    {
        for (var i = 0; i < files.Count; i++)
            if (files[i].Number != i + 1)
                throw new MigrationException($"{files[i].Title}: number {i + 1:0000} was expected here; numbers start at 0001, without gap or repetition.");
    }

    private static MigrationFile Read(SqlModule module, string resource)
    {
        var name = resource[Prefix.Length..^".sql".Length];
        if (name.Length < 6 || name[4] != '_' || !int.TryParse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new MigrationException($"{module.Name}: {resource} is not named NNNN_what.sql.");
        using var reader = new StreamReader(module.Assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return Of(module.Name, number, name[5..], reader.ReadToEnd());
    }
}

/// <summary>The schema cannot be brought up to date; the message says why and by which file.</summary>
internal sealed class MigrationException(string message, Exception? cause = null) : StartupException(message, cause);
