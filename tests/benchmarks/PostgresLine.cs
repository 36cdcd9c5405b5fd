using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CryoBackup.Benchmarks;

/// <summary>A line before the server that PGHOST and PGPORT name; while it lies there, they name its near end.</summary>
internal sealed class PostgresLine : IDisposable
{
    private readonly string _host = Environment.GetEnvironmentVariable("PGHOST")!;
    private readonly string? _port = Environment.GetEnvironmentVariable("PGPORT");
    private readonly Link _link;

    public PostgresLine(LinkQuality quality)
    {
        string port = _port ?? "5432";
        _link = new Link(
            _host.StartsWith('/')
                ? new UnixDomainSocketEndPoint($"{_host}/.s.PGSQL.{port}")
                : new DnsEndPoint(_host, int.Parse(port, CultureInfo.InvariantCulture), AddressFamily.InterNetwork),
            quality
        );
        Environment.SetEnvironmentVariable("PGHOST", "127.0.0.1");
        Environment.SetEnvironmentVariable("PGPORT", _link.Port.ToString(CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PGHOST", _host);
        Environment.SetEnvironmentVariable("PGPORT", _port);
        _link.Dispose();
    }
}
