using System.IO.Hashing;
using System.Security.Cryptography;
using CryoBackup.Processes;

namespace CryoBackup.Postgres.Scratch;

/// <summary>Makes the data folder and the settings of a throwaway server.</summary>
/// <param name="home">Where it lies.</param>
/// <param name="socketFolder">The folder of its socket.</param>
/// <param name="options">What it is to be like.</param>
internal sealed class ScratchSetup(ScratchHome home, string socketFolder, ScratchClusterOptions options)
{
    private readonly ScratchTemplates _templates = new(options.TemplateFolder);
    private string? _key;
    private ScratchLogin? _unpacked;

    private bool AsksPassword => OperatingSystem.IsWindows() || options.AsksPassword;

    /// <summary>True while the data folder is one that was kept of another server.</summary>
    public bool IsUnpacked => _unpacked is not null;

    /// <summary>Takes the data folder from one that was kept, if there is one; the folder above must be this process's alone.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public void TryUnpack(CancellationToken cancellationToken)
    {
        // What is asked of initdb beyond that is asked once.
        _key = options.InitdbArguments.Count == 0 ? Key(cancellationToken) : null;
        _unpacked = _key is null ? null : _templates.TryUnpack(_key, home.DataPath, cancellationToken);
    }

    /// <summary>Removes the data folder that was unpacked, and what it was unpacked from: its server does not start.</summary>
    public void Discard()
    {
        _templates.Remove(_key!);
        _unpacked = null;
        ScratchFolder.Remove(home.DataPath, home.Account);
    }

    /// <summary>Makes them.</summary>
    /// <param name="cancellationToken">Ends initdb.</param>
    /// <returns>How to connect as the superuser; on Windows without the port, which is chosen at the start.</returns>
    /// <exception cref="CryoBackupException">DiskFull, ConnectionFailed: initdb has failed.</exception>
    public ConnectionRequest Run(CancellationToken cancellationToken)
    {
        ScratchLogin login = _unpacked ?? Initialize(cancellationToken);
        Configure();
        var connection = new ConnectionRequest { UserName = login.UserName, Password = login.Password.Length > 0 ? login.Password : null };
        return OperatingSystem.IsWindows()
            ? connection with
            {
                ComputerName = "127.0.0.1",
            }
            : connection with
            {
                ComputerName = socketFolder,
                Port = 5432,
            };
    }

    /// <summary>A password that nobody can know.</summary>
    public static string NewPassword() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    private ScratchLogin Initialize(CancellationToken cancellationToken)
    {
        var login = new ScratchLogin(
            options.SuperUser ?? "cryobackup_" + RandomNumberGenerator.GetHexString(12, lowercase: true),
            AsksPassword ? NewPassword() : ""
        );
        var arguments = new List<string> { "-U", login.UserName, "--no-sync" };
        if (!Gives(options.InitdbArguments, "--encoding", "-E"))
        {
            arguments.Add("--encoding=UTF8");
        }

        string? passwordFile = AsksPassword ? home.WritePrivately("password", login.Password) : null;
        arguments.AddRange(passwordFile is null ? ["--auth=trust"] : ["--auth=scram-sha-256", $"--pwfile={passwordFile}"]);
        arguments.AddRange(options.InitdbArguments);
        string[] locales =
            Gives(options.InitdbArguments, "--locale", "--no-locale") ? [""]
            : OperatingSystem.IsWindows() ? ["C"]
            : ["C.UTF-8", "C"];
        for (int i = 0; !TryInitialize(arguments, locales[i], isLast: i == locales.Length - 1, cancellationToken); i++)
        {
            // The next locale.
        }

        if (passwordFile is not null)
        {
            File.Delete(passwordFile);
        }

        if (_key is not null)
        {
            _templates.TryAdd(_key, login, archive => home.Pack(archive, cancellationToken));
        }

        return login;
    }

    /// <summary>What tells the data folders that initdb would make here from others: its programs, byte by byte, what is asked of it, and
    /// the system's locales, of which it makes collations.</summary>
    private string Key(CancellationToken cancellationToken)
    {
        var programs = new XxHash128();
        foreach (string name in (string[])["initdb", "postgres"])
        {
            using FileStream program = File.OpenRead(home.Program(name));
            programs.Append(program);
        }

        string locales = "";
        if (!OperatingSystem.IsWindows())
        {
            try
            {
                locales = ToolProcess.Run(new ToolCommand("locale", "-a"), cancellationToken).Output;
            }
            catch (CryoBackupException)
            {
                // Not every system has the program.
            }
        }

        return string.Join(
            '\n',
            Convert.ToHexString(programs.GetCurrentHash()),
            home.Account,
            options.SuperUser,
            AsksPassword ? "scram" : "trust",
            locales
        );
    }

    /// <returns>False if this machine lacks the locale.</returns>
    private bool TryInitialize(List<string> arguments, string locale, bool isLast, CancellationToken cancellationToken)
    {
        (int exitCode, string output, IReadOnlyList<string> errors) = home.InitDb(
            locale.Length > 0 ? arguments.Append("--locale=" + locale) : arguments,
            cancellationToken
        );
        if (exitCode == 0)
        {
            return true;
        }

        return !isLast && errors.Any(line => line.Contains("locale", StringComparison.Ordinal))
            ? false
            : throw home.Failed(
                "could not be initialised (initdb)",
                [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries), .. errors]
            );
    }

    private void Configure()
    {
        // Nothing here survives a crash, nor shall it: speed for the price of safety.
        var settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["fsync"] = "off",
            ["full_page_writes"] = "off",
            ["synchronous_commit"] = "off",
            ["wal_level"] = "minimal",
            ["max_wal_senders"] = "0",
            ["max_wal_size"] = "2GB",
            ["checkpoint_timeout"] = "1h",
            ["autovacuum"] = "off",
            ["jit"] = "off",
            ["shared_buffers"] = options.SharedBuffers,
            // Where they are set aside for another server, they are not ours to take.
            ["huge_pages"] = "off",
            ["maintenance_work_mem"] = ScratchClusterOptions.Share(32, 64, 512),
            // A restore in one transaction holds a lock for each object.
            ["max_locks_per_transaction"] = "256",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            ["lc_messages"] = "C",
        };
        foreach ((string name, string value) in options.Settings)
        {
            settings[name] = value;
        }

        if (OperatingSystem.IsWindows())
        {
            settings["listen_addresses"] = "127.0.0.1";
            settings["unix_socket_directories"] = "";
        }
        else
        {
            settings["listen_addresses"] = "";
            settings["unix_socket_directories"] = socketFolder;
            settings["port"] = "5432";
        }

        home.Append(settings);
    }

    private static bool Gives(IReadOnlyList<string> arguments, params string[] names) =>
        arguments.Any(argument => names.Any(name => argument.StartsWith(name, StringComparison.Ordinal)));
}
