using System.CommandLine;
using CryoBackup.Postgres;

namespace CryoBackup.Cli;

/// <summary>The options that say which server, the same wherever a server is met.</summary>
/// <param name="isOneServer">False where a command has an option of its own for several servers.</param>
internal sealed class ConnectionOptions(bool isOneServer = true)
{
    private readonly Option<string?> _computerName = new("--computer-name", "--host", "-h")
    {
        Description = "Host name, address or socket folder of the server [PGHOST]",
        HelpName = "host",
    };

    private readonly Option<int?> _port = Number.Option("--port", "port", "Port of the server [PGPORT]", "-p");

    private readonly Option<string?> _userName = new("--user-name", "-U")
    {
        Description = "Role to connect as [PGUSER]",
        HelpName = "role",
    };

    private readonly Option<string?> _passwordFile = new("--password-file")
    {
        Description = "File whose first line is the password; without it PGPASSWORD and .pgpass are asked",
        HelpName = "file",
    };

    private readonly Option<SslMode?> _sslMode = Choice.Option<SslMode>("--ssl-mode", "How the connection is secured [PGSSLMODE]");

    public void AddTo(Command command)
    {
        if (isOneServer)
        {
            command.Add(_computerName);
        }
        command.Add(_port);
        command.Add(_userName);
        command.Add(_passwordFile);
        command.Add(_sslMode);
    }

    /// <exception cref="CryoBackupException">ConfigurationInvalid if the password file cannot be read or is empty.</exception>
    public ConnectionRequest Read(ParseResult arguments) =>
        new()
        {
            ComputerName = isOneServer ? arguments.GetValue(_computerName) : null,
            Port = arguments.GetValue(_port),
            UserName = arguments.GetValue(_userName),
            Password = arguments.GetValue(_passwordFile) is { } file ? ReadPassword(file) : null,
            SslMode = arguments.GetValue(_sslMode),
        };

    private static string ReadPassword(string file)
    {
        string? password;
        try
        {
            using var reader = new StreamReader(file);
            password = reader.ReadLine();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"The password file '{file}' cannot be read: {exception.Message}",
                file,
                "Name a file that this user may read, with the password as its first line.",
                inner: exception
            );
        }
        return string.IsNullOrEmpty(password)
            ? throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"The password file '{file}' has an empty first line.",
                file,
                "Write the password as its first line."
            )
            : password;
    }
}
