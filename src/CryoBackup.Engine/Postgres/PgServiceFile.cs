using CryoBackup.Streams;

namespace CryoBackup.Postgres;

/// <summary>libpq's connection service files: sections of <c>keyword=value</c> lines, chosen by PGSERVICE.</summary>
internal static class PgServiceFile
{
    /// <summary>Reads the settings of a service: from the user's file, and if that lacks it from the machine's.</summary>
    /// <param name="service">The service's name.</param>
    /// <param name="environment">Says where the files lie.</param>
    /// <returns>Keywords and values; the first of a repeated keyword counts.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: the service is in no file, or the file has a fault.</exception>
    public static IReadOnlyDictionary<string, string> Read(string service, PostgresEnvironment environment)
    {
        var searched = new List<string>();
        if (environment.Read("PGSERVICEFILE") is { } named)
        {
            if (!File.Exists(named))
            {
                throw Invalid($"The service file '{named}' of PGSERVICEFILE does not exist.", named, "Correct or unset PGSERVICEFILE.");
            }

            searched.Add(named);
        }
        else if (environment.DefaultServiceFile is { } ofUser)
        {
            searched.Add(ofUser);
        }

        searched.AddRange(environment.SystemServiceFiles);
        foreach (string file in searched.Where(File.Exists))
        {
            if (Section(file, service) is { } settings)
            {
                return settings;
            }
        }

        throw Invalid(
            $"The connection service '{service}' is defined in none of: {string.Join(", ", searched)}.",
            service,
            "Add the section to one of these files, or correct or unset PGSERVICE."
        );
    }

    private static Dictionary<string, string>? Section(string file, string service)
    {
        string[] lines;
        try
        {
            lines = RegularFile.ReadLines(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Invalid(
                $"The service file '{file}' cannot be read: {exception.Message}",
                file,
                "Give this user read access to it, or unset PGSERVICE.",
                exception
            );
        }

        Dictionary<string, string>? settings = null;
        for (int number = 1; number <= lines.Length; number++)
        {
            string line = lines[number - 1].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (line[0] == '[')
            {
                if (settings is not null)
                {
                    break;
                }

                settings =
                    line.Length > 2 && line[^1] == ']' && string.Equals(line[1..^1], service, StringComparison.Ordinal)
                        ? new Dictionary<string, string>(StringComparer.Ordinal)
                        : null;
                continue;
            }

            if (settings is null)
            {
                continue;
            }

            (string keyword, string value) = Setting(line, number, file);
            settings.TryAdd(keyword, value);
        }

        return settings;
    }

    private static (string Keyword, string Value) Setting(string line, int number, string file)
    {
        if (line.StartsWith("ldap", StringComparison.Ordinal) && line.Contains("://", StringComparison.Ordinal))
        {
            throw Invalid(
                $"Line {number} of the service file '{file}' asks for an LDAP look-up, which is not supported.",
                file,
                "Write the connection's settings into the section."
            );
        }

        int equals = line.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            throw Invalid($"Line {number} of the service file '{file}' is not of the form keyword=value.", file, "Correct the line.");
        }

        string keyword = line[..equals];
        if (keyword is "service" or "servicefile")
        {
            throw Invalid(
                $"Line {number} of the service file '{file}' names another service, which libpq does not allow.",
                file,
                "Remove the line."
            );
        }

        return (keyword, line[(equals + 1)..]);
    }

    private static CryoBackupException Invalid(string message, string target, string remedy, Exception? inner = null) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy, inner: inner);
}
