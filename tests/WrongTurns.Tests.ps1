# What people do wrong, each done for real: the answer names the thing, the reason and the remedy, in three lines of a window of 120 columns.
# All questions and answers are left as wrong-turns.txt in the folder of the results, or in output/.
BeforeDiscovery {
    $root = (-not $IsWindows) -and (& id -u) -eq '0'
    $age = Get-Command -Name age, age-keygen -CommandType Application -ErrorAction Ignore
    # Thing, Reason and Remedy are patterns of what the answer must hold.
    $turns = @(
        @{ What = 'a plain SQL file'; Line = 'Restore-CryoBackup app.sql -TargetDatabase wt_copy -Create'; Thing = 'app\.sql'; Reason = 'SQL script'; Remedy = 'psql' }
        @{ What = 'a compressed SQL file'; Line = 'Restore-CryoBackup app.sql.gz -TargetDatabase wt_copy -Create'; Thing = 'app\.sql\.gz'; Reason = 'SQL script'; Remedy = 'psql' }
        @{ What = 'pg_dump''s tar'; Line = 'Restore-CryoBackup app.tar -TargetDatabase wt_copy -Create'; Thing = 'app\.tar'; Reason = 'tar'; Remedy = 'pg_restore' }
        @{ What = 'pg_dump''s directory'; Line = 'Restore-CryoBackup app.dir -TargetDatabase wt_copy -Create'; Thing = 'app\.dir'; Reason = 'directory'; Remedy = 'pg_restore' }
        @{ What = 'a file of 7-Zip'; Line = 'Restore-CryoBackup app.7z -TargetDatabase wt_copy -Create'; Thing = 'app\.7z'; Reason = '7z archive'; Remedy = '7z x' }
        @{ What = 'a backup of SQL Server'; Line = 'Restore-CryoBackup app.bak -TargetDatabase wt_copy -Create'; Thing = 'app\.bak'; Reason = 'SQL Server'; Remedy = 'PostgreSQL' }
        @{ What = 'a folder for a file'; Line = 'Restore-CryoBackup backups -TargetDatabase wt_copy -Create'; Thing = 'backups'; Reason = 'folder'; Remedy = '-Latest' }
        @{ What = 'a file for a folder'; Line = 'New-CryoBackup wt_app -Path note.txt'; Thing = 'note\.txt'; Reason = 'is a file'; Remedy = 'Give a folder' }
        @{ What = 'host:port'; Line = 'New-CryoBackup wt_app -ComputerName db.example.com:5433 -Path backups'; Thing = 'db\.example\.com:5433'; Reason = 'port'; Remedy = '-Port 5433' }
        @{ What = 'a URI with a mistake'; Line = 'New-CryoBackup wt_app -ComputerName postgresql://app:secret@db.example.com:54x/wt_app -Path backups'; Thing = 'db\.example\.com'; Reason = 'port'; Remedy = 'postgresql://user@host'; Never = 'secret' }
        @{ What = 'a server without SSL'; Line = 'New-CryoBackup wt_app -ComputerName 127.0.0.1 -Port $port -SslMode require -Path backups'; Needs = 'none'; Thing = '127\.0\.0\.1'; Reason = 'SSL'; Remedy = 'SslMode' }
        @{ What = 'an expired certificate'; Line = '$env:PGSSLROOTCERT = "$PWD/expired.pem"; New-CryoBackup wt_app -ComputerName 127.0.0.1 -Port $port -SslMode verify-full -Path backups'; Needs = 'expired'; Thing = '127\.0\.0\.1'; Reason = 'has expired'; Remedy = 'Renew' }
        @{ What = 'a certificate of an unknown authority'; Line = '$env:PGSSLROOTCERT = "$PWD/expired.pem"; New-CryoBackup wt_app -ComputerName 127.0.0.1 -Port $port -SslMode verify-full -Path backups'; Needs = 'good'; Thing = '127\.0\.0\.1'; Reason = 'none is trusted'; Remedy = 'PGSSLROOTCERT' }
        @{ What = 'a certificate of another name'; Line = '$env:PGSSLROOTCERT = "$PWD/other.pem"; New-CryoBackup wt_app -ComputerName 127.0.0.1 -Port $port -SslMode verify-full -Path backups'; Needs = 'other'; Thing = 'db\.example\.com'; Reason = '127\.0\.0\.1'' was asked for'; Remedy = 'Name the host' }
        @{ What = 'a file of authorities that is not there'; Line = '$env:PGSSLROOTCERT = "none.pem"; New-CryoBackup wt_app -ComputerName 127.0.0.1 -Port $port -SslMode verify-full -Path backups'; Needs = 'good'; Thing = 'none\.pem'; Reason = 'not find'; Remedy = 'full path' }
        @{ What = 'a length of time in words'; Line = 'Test-CryoBackup backups -MaxAge "1 day"'; Thing = '1 day'; Reason = 'not a length of time'; Remedy = '26h' }
        @{ What = 'a length of time without a unit'; Line = 'Test-CryoBackup backups -MaxAge 26'; Thing = '''26'''; Reason = 'not a length of time'; Remedy = '26h' }
        @{ What = 'a Windows path in double quotes'; Line = 'Test-CryoBackupConfiguration -Config quotes.yaml'; Thing = 'quotes\.yaml.*line 2|line 2'; Reason = '\\b|escape|control'; Remedy = 'single quotes' }
        @{ What = 'a configuration in UTF-16'; Line = 'Test-CryoBackupConfiguration -Config utf16.yaml'; Thing = 'utf16\.yaml'; Reason = 'UTF-16'; Remedy = 'utf8' }
        @{ What = 'an identity in UTF-16'; Line = 'Test-CryoBackup sealed -Identity utf16.txt'; Needs = 'age'; Works = $true }
        @{ What = 'the key hostname'; Line = 'Test-CryoBackupConfiguration -Config hostname.yaml'; Thing = 'hostname'; Reason = 'line 2'; Remedy = 'host' }
        @{ What = 'a wrong identity'; Line = 'Test-CryoBackup sealed -Identity wrong.txt'; Needs = 'age'; Thing = 'wt_app'; Reason = 'identit'; Remedy = 'age-keygen -y' }
        @{ What = 'no identity'; Line = 'Test-CryoBackup sealed'; Needs = 'age'; Thing = 'wt_app'; Reason = 'needs an identity'; Remedy = '-Identity' }
        @{ What = 'template0'; Line = 'New-CryoBackup template0 -Path backups'; Thing = 'template0'; Reason = 'connect'; Remedy = 'Nothing of yours' }
        @{ What = 'another database in the place of postgres'; Line = 'Restore-CryoBackup backups -Latest -Database wt_app -TargetDatabase postgres -Swap -Force'; Thing = 'postgres'; Reason = 'Swap'; Remedy = '-Create|-Clean' }
        @{ What = 'a question where nobody can be asked'; Line = 'Restore-CryoBackup backups -Latest -Database wt_app -TargetDatabase wt_app -Clean'; Thing = 'wt_app'; Reason = 'nobody can be asked'; Remedy = '-Force' }
        @{ What = 'a share that is not there'; Line = 'Test-CryoBackup /mnt/nas/backups'; Thing = 'nas/backups'; Reason = 'does not exist'; Remedy = 'mounted' }
        @{ What = 'a folder without rights'; Line = 'New-CryoBackup wt_app -Path closed'; Needs = 'closed'; Thing = 'closed'; Reason = 'denied|[Rr]ead-only'; Remedy = 'may write' }
        @{ What = 'a role without rights'; Line = 'New-CryoBackup wt_app -Credential $weak -Path backups'; Needs = 'unix'; Thing = 'sample'; Reason = 'wt_weak'; Remedy = 'pg_read_all_data|GRANT' }
        @{ What = 'a full disk'; Line = 'New-CryoBackup cryoprotect -Path full'; Needs = 'full'; Thing = 'full'; Reason = 'room|space'; Remedy = '-Path|room|free' }
        @{ What = 'two at once'; Line = 'New-CryoBackup wt_app -Path backups'; Needs = 'two'; Thing = 'wt_app'; Reason = 'another|other|already'; Remedy = 'wait|Wait|end' }
        @{ What = 'several servers in one word'; Line = 'New-CryoBackup wt_app -ComputerName "db1.example.com,db2.example.com" -Path backups'; Thing = 'db1\.example\.com'; Reason = 'None of the hosts'; Remedy = 'names' }
        @{ What = 'several servers for one restore'; Line = 'Restore-CryoBackup backups -Latest -Database wt_app -TargetDatabase wt_copy -Create -ComputerName db1, db2'; Thing = 'db1'; Reason = '2 servers'; Remedy = 'for each' }
    )
    foreach ($turn in $turns) {
        $turn.Needs = $turn['Needs']
        $turn.Skip = switch -Regex ($turn.Needs) {
            '^(expired|good|other|none)$' { -not $IsLinux }
            'age' { -not $age }
            'full' { -not ($root -and $IsLinux) }
            'closed' { $IsWindows -or ($root -and -not $IsLinux) }
            'unix|two' { $IsWindows }
        }
    }
}

Describe 'A wrong turn' {
    BeforeAll {
        . $PSScriptRoot/TestSupport.ps1
        $script:said = [System.Collections.Generic.List[string]]::new()
        $here = Join-Path ([System.IO.Path]::GetTempPath()) "wt$PID"
        $null = New-Item -ItemType Directory -Path $here
        Push-Location -LiteralPath $here
        Clear-TestDatabase wt_copy
        Initialize-TestDatabase wt_app
        $null = New-CryoBackup wt_app -Path backups

        & (Get-PgTool 'pg_dump') -d wt_app -f app.sql
        & (Get-PgTool 'pg_dump') -d wt_app -Ft -f app.tar
        & (Get-PgTool 'pg_dump') -d wt_app -Fd -f app.dir
        $gzip = [System.IO.Compression.GZipStream]::new([System.IO.File]::Create("$here/app.sql.gz"), [System.IO.Compression.CompressionLevel]::Fastest)
        $gzip.Write([System.IO.File]::ReadAllBytes("$here/app.sql"))
        $gzip.Dispose()
        # How each begins; nobody reads on.
        [System.IO.File]::WriteAllBytes("$here/app.7z", [byte[]] (0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4) + [byte[]]::new(600))
        [System.IO.File]::WriteAllBytes("$here/app.bak", [System.Text.Encoding]::ASCII.GetBytes('TAPE') + [byte[]]::new(600))
        Set-Content note.txt 'a note'
        Set-Content quotes.yaml "databases: [wt_app]`nlocal_backup_dir: ""C:\backups"""
        Set-Content hostname.yaml "database:`n  hostname: db.example.com`n  name: wt_app`nlocal_backup_dir: backups"
        Set-Content utf16.yaml "databases: [wt_app]`nlocal_backup_dir: backups" -Encoding unicode
        if (Get-Command -Name age-keygen -CommandType Application -ErrorAction Ignore) {
            foreach ($name in 'mine', 'wrong') {
                & age-keygen -o "$name.txt" 2>$null
            }

            $null = New-CryoBackup wt_app -Path sealed -Recipient (& age-keygen -y mine.txt)
            Get-Content mine.txt | Set-Content utf16.txt -Encoding unicode
            if (-not $IsWindows) {
                & chmod 600 utf16.txt
            }
        }

        # A second server, of the first one's account: with TCP, which the first does without, and certificates as they are asked for.
        function Open-TcpServer {
            $folder = "$(Invoke-Sql 'SHOW data_directory')/wt"
            $port = Get-ClosedPort
            $bin = Split-Path (Get-PgTool 'initdb')
            # The backslashes keep the quotes of SQL and the shell apart.
            Invoke-Sql "COPY (SELECT 'none') TO PROGRAM 'cat >wt.pw && $bin/initdb -D wt -A scram-sha-256 --pwfile=wt.pw -N >wt.log 2>&1'"
            Invoke-Sql "COPY (SELECT 'listen_addresses = ''127.0.0.1''' UNION ALL SELECT 'port = $port' UNION ALL SELECT 'unix_socket_directories = ''''')
                TO PROGRAM 'cat >>wt/postgresql.conf && $bin/pg_ctl -D wt -w -l wt.log start >/dev/null 2>&1'"
            $folder, $port
        }

        # What stands on the server's side of the certificate, and what this side trusts by then.
        function Use-Certificate([string] $Folder, [string] $Kind) {
            $key = [System.Security.Cryptography.RSA]::Create(2048)
            $request = [System.Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=db.example.com', $key, 'SHA256', [System.Security.Cryptography.RSASignaturePadding]::Pkcs1)
            $request.CertificateExtensions.Add([System.Security.Cryptography.X509Certificates.X509BasicConstraintsExtension]::new($true, $false, 0, $true))
            $names = [System.Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder]::new()
            if ($Kind -eq 'other') { $names.AddDnsName('db.example.com') } else { $names.AddIpAddress([ipaddress]::Loopback) }
            $request.CertificateExtensions.Add($names.Build())
            $now = [DateTimeOffset]::UtcNow
            $certificate = $request.CreateSelfSigned($now.AddDays(-9), $now.AddDays($Kind -eq 'expired' ? -1 : 9))
            Set-Content "$Kind.pem" $certificate.ExportCertificatePem()
            $pem = $certificate.ExportCertificatePem() + "`n" + $key.ExportPkcs8PrivateKeyPem()
            Invoke-Sql "COPY (SELECT unnest(string_to_array('$pem', E'\n'))) TO PROGRAM 'umask 077; cat >wt/wt.pem; grep -q wt.pem wt/postgresql.conf || printf ""ssl = on\nssl_cert_file = \047wt.pem\047\nssl_key_file = \047wt.pem\047\n"" >>wt/postgresql.conf; $(Split-Path (Get-PgTool 'initdb'))/pg_ctl -D wt -m fast -w -l wt.log restart >/dev/null 2>&1'"
        }

        if ($IsLinux) {
            $server, $port = Open-TcpServer
        }

        if (-not $IsWindows) {
            Invoke-Sql "DROP ROLE IF EXISTS wt_weak; CREATE ROLE wt_weak LOGIN"
            $weak = [pscredential]::new('wt_weak', [securestring]::new())
        }

        # What somebody at a prompt reads: the error or the verdict that is not Passed, as lines of a window.
        function Get-Answer([string] $Line) {
            $Error.Clear()
            $PSStyle.OutputRendering = 'PlainText'
            $shown = try {
                & ([scriptblock]::Create($Line)) 2>&1
            }
            catch {
                $_
            }

            $texts = foreach ($item in $shown) {
                if ($item -is [System.Management.Automation.ErrorRecord]) {
                    ($item | Out-String -Width 120).Trim()
                }
                elseif ($item.PSObject.Properties['Verdict'] -and -not $item.IsValid) {
                    "$($item.Verdict): $($item.Reason)", $item.Remedy
                }
                elseif ($item.PSObject.Properties['Problems']) {
                    foreach ($problem in $item.Problems) { "$($problem.Message)", $problem.Remedy }
                }
            }

            @($texts | ForEach-Object { $_ -split '\r?\n' } | Where-Object { $_.Trim() })
        }

        function Get-LineCount([string[]] $Lines) {
            ($Lines | ForEach-Object { [Math]::Ceiling($_.TrimEnd().Length / 120) } | Measure-Object -Sum).Sum
        }

        # Makes what the turn meets, for as long as it is taken.
        function Enter-Hindrance([string] $Kind) {
            switch ($Kind) {
                { $_ -in 'expired', 'good', 'other' } { Use-Certificate $server $Kind }
                'closed' {
                    $null = New-Item -ItemType Directory -Path closed
                    if ((& id -u) -eq '0') { & mount -t tmpfs -o ro tmpfs "$here/closed" } else { & chmod 500 closed }
                }
                'full' { $null = New-Item -ItemType Directory -Path full; & mount -t tmpfs -o size=64k tmpfs "$here/full" }
                'two' {
                    $script:lock = Start-ThreadJob { "BEGIN; LOCK TABLE sample; SELECT pg_sleep(60)" | & $using:psql -X -q -d wt_app *>$null }
                    while ((Invoke-Sql "SELECT count(*) FROM pg_locks WHERE relation = 'sample'::regclass AND mode = 'AccessExclusiveLock'" wt_app) -eq '0') { Start-Sleep -Milliseconds 100 }
                    $script:first = Start-ThreadJob { Import-Module $using:ModulePath; New-CryoBackup wt_app -Path $using:here/backups }
                    while ((Invoke-Sql "SELECT count(*) FROM pg_locks WHERE relation = 'sample'::regclass AND NOT granted" wt_app) -eq '0') { Start-Sleep -Milliseconds 100 }
                }
            }
        }

        function Exit-Hindrance([string] $Kind) {
            switch ($Kind) {
                'closed' { if ((& id -u) -eq '0') { & umount "$here/closed" } else { & chmod 700 closed } }
                'full' { & umount "$here/full" }
                'two' {
                    $null = Invoke-Sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
                    ($first | Receive-Job -Wait -AutoRemoveJob).Database | Should -Be 'wt_app'
                    $lock | Remove-Job -Force
                }
            }
        }

        $psql = Get-PgTool 'psql'
    }

    AfterAll {
        $folder = Join-Path $PSScriptRoot '../output/test-results'
        $folder = (Test-Path -LiteralPath $folder) ? $folder : (Split-Path $folder)
        Set-Content -LiteralPath (Join-Path $folder 'wrong-turns.txt') -Value $said
        if ($IsLinux) {
            Invoke-Sql "COPY (SELECT 1) TO PROGRAM '$(Split-Path (Get-PgTool 'initdb'))/pg_ctl -D wt -m immediate stop >/dev/null 2>&1; rm -rf wt wt.pw wt.log'"
        }

        Clear-TestDatabase wt_copy
        Clear-TestDatabase wt_app
        if (-not $IsWindows) {
            Invoke-Sql 'DROP ROLE IF EXISTS wt_weak'
        }

        Pop-Location
        Remove-Item -LiteralPath $here -Recurse -Force
    }

    BeforeEach {
        $rootCertificate = $env:PGSSLROOTCERT
    }

    AfterEach {
        $env:PGSSLROOTCERT = $rootCertificate
    }

    It '<What> is answered by thing, reason and remedy' -ForEach @($turns | Where-Object { -not $_.Skip -and -not $_['Works'] }) {
        Enter-Hindrance $Needs
        try {
            $lines = @(Get-Answer $Line)
        }
        finally {
            Exit-Hindrance $Needs
        }

        $said.Add("PS> $Line`n$($lines -join "`n")`n")
        $answer = $lines -join ' '
        $answer | Should -Match $Thing -Because 'the thing is named'
        $answer | Should -Match $Reason -Because 'the reason is named'
        $answer | Should -Match $Remedy -Because 'the remedy is named'
        $answer | Should -Not -Match ($_['Never'] ?? 'Unexpected|Exception')
        Get-LineCount $lines | Should -BeLessOrEqual 3 -Because $answer
        Test-Database wt_copy | Should -BeFalse
    }

    It '<What> is taken as it is meant' -ForEach @($turns | Where-Object { -not $_.Skip -and $_['Works'] }) {
        $lines = @(Get-Answer $Line)
        $said.Add("PS> $Line`n$($lines -join "`n")(taken as it is meant)`n")
        $lines | Should -BeNullOrEmpty
    }

    It '<What> is answered by thing, reason and remedy' -ForEach @($turns | Where-Object Skip) -Skip {
    }
}
