using System.Globalization;
using System.Management.Automation;
using CryoBackup.Postgres;

namespace CryoBackup.Commands;

/// <summary>What the cmdlets that meet a server share: how it is reached. What is not said comes from the PG* environment,
/// as with psql.</summary>
public abstract class CryoBackupServerCmdlet : CryoBackupCmdlet
{
    private CryoBackupException? _unusable;
    private bool _hasBegun;

    /// <summary>TCP port, or the number in the socket's name.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public virtual int? Port
    {
        get => Connection.Port;
        set => Connection = Connection with { Port = value };
    }

    /// <summary>Role and password; without it, or with an empty password, the password file and the environment are asked.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>How the connection is secured, in libpq's words.</summary>
    [Parameter]
    [LibpqWord]
    public SslMode? SslMode
    {
        get => Connection.SslMode;
        set => Connection = Connection with { SslMode = value };
    }

    /// <summary>The server as the user described it.</summary>
    private protected ConnectionRequest Connection { get; set; } = new();

    /// <summary>Takes the server's name, or its URI, as a parameter is bound. What is wrong with it is told at the beginning, with its
    /// remedy, which an error of binding has no place for.</summary>
    /// <param name="server">The host, or a URI.</param>
    private protected void NameServer(string? server)
    {
        try
        {
            Connection = Connection with { ComputerName = server };
        }
        catch (CryoBackupException failure) when (!_hasBegun)
        {
            _unusable = failure;
        }
    }

    /// <summary>The connection with another server.</summary>
    /// <param name="server">The host, or a URI; null for the one of the environment.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="PipelineStoppedException">It is no usable URI, which ended the command.</exception>
    private protected ConnectionRequest ConnectionTo(string? server)
    {
        try
        {
            return Connection with { ComputerName = server };
        }
        catch (CryoBackupException failure)
        {
            Report(failure, failure.Target ?? "");
            throw;
        }
    }

    /// <summary>Forgets a server that only $PSDefaultParameterValues names, where none is met: it is meant for others.</summary>
    private protected void ForgetPreferredServer()
    {
        string[] said = ["ComputerName", nameof(Port), nameof(Credential), nameof(SslMode)];
        if (said.Where(MyInvocation.BoundParameters.ContainsKey).All(IsPreferred))
        {
            Connection = new();
        }
    }

    private bool IsPreferred(string parameter) =>
        GetVariableValue("PSDefaultParameterValues") is System.Collections.IDictionary preferences
        && preferences
            .Keys.OfType<string>()
            .Any(key =>
                key.Split(':', 2) is [var command, var name]
                && WildcardPattern.Get(command.Trim(), WildcardOptions.IgnoreCase).IsMatch(MyInvocation.MyCommand.Name)
                && WildcardPattern.Get(name.Trim(), WildcardOptions.IgnoreCase).IsMatch(parameter)
                && IsSame(MyInvocation.BoundParameters[parameter], preferences[key])
            );

    private static bool IsSame(object bound, object? preferred)
    {
        bool Is(object? value) => LanguagePrimitives.Equals(bound, value, true, CultureInfo.InvariantCulture);
        return Is(preferred) || (preferred is string word && Is(word.Replace("-", "", StringComparison.Ordinal)));
    }

    /// <summary>Takes the credential apart, once.</summary>
    protected override void BeginProcessing()
    {
        _hasBegun = true;
        if (_unusable is not null)
        {
            Report(_unusable, _unusable.Target ?? "");
        }

        if (Credential is not null && Credential.UserName is { Length: > 0 } userName)
        {
            Connection = Connection with
            {
                UserName = userName,
                Password = Credential.Password.Length > 0 ? Credential.GetNetworkCredential().Password : null,
            };
        }
    }
}
