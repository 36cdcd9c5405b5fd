BeforeDiscovery {
    # Installed by the engine's tests, where node and npm are there.
    $modules = Join-Path $PSScriptRoot '../output/stores/node_modules'
    $missing = 'node', 'age', 'age-keygen', 'rclone', 'curl', 'bash' | Where-Object { -not (Get-Command -Name $_ -CommandType Application -ErrorAction Ignore) }
    $noServer = $IsWindows -or $missing -or -not (Test-Path -LiteralPath (Join-Path $modules 's3rver'))
    $stores = @(
        @{ Kind = 'S3'; Place = 's3://backups/database'; Script = 's3rver/bin/s3rver.js'; Key = 'S3RVER' }
        @{
            Kind = 'Azure'; Place = 'azblob://devstoreaccount1/backups/database'; Script = 'azurite/dist/src/blob/main.js'
            # Azurite's own, which stands in its documentation.
            Key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
        }
    )
}

BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_offsite
    $tool = Join-Path $PSScriptRoot '../output/tool/cryobackup'
}

AfterAll {
    Clear-TestDatabase cryo_offsite
    Clear-TestDatabase cryo_offsite_copy
}

Describe 'Backups in <Kind>' -Skip:$noServer -ForEach $stores {
    BeforeAll {
        $port = Get-ClosedPort
        $program = (Resolve-Path -LiteralPath (Join-Path $PSScriptRoot "../output/stores/node_modules/$Script")).ProviderPath
        $data = Join-Path $TestDrive "data of $Kind"
        New-Item -ItemType Directory -Path $data | Out-Null
        $words = if ($Kind -eq 'S3') {
            $program, '--address', '127.0.0.1', '--port', $port, '--directory', "`"$data`"", '--configure-bucket', 'backups', '--silent'
        }
        else {
            $program, '--blobHost', '127.0.0.1', '--blobPort', $port, '--location', "`"$data`"", '--silent', '--skipApiVersionCheck', '--disableTelemetry'
        }

        $process = Start-Process -FilePath node -ArgumentList $words -PassThru -RedirectStandardOutput (Join-Path $TestDrive "$Kind.out")
        for ($i = 0; $i -lt 600 -and -not (Test-Connection -TargetName 127.0.0.1 -TcpPort $port -Quiet); $i++) {
            Start-Sleep -Milliseconds 100
        }

        $variables = if ($Kind -eq 'S3') {
            @{
                AWS_ENDPOINT_URL_S3 = "http://127.0.0.1:$port"; AWS_ACCESS_KEY_ID = $Key; AWS_SECRET_ACCESS_KEY = $Key
                RCLONE_CONFIG_STORE_TYPE = 's3'; RCLONE_CONFIG_STORE_PROVIDER = 'Other'; RCLONE_CONFIG_STORE_ENDPOINT = "http://127.0.0.1:$port"
                RCLONE_CONFIG_STORE_ACCESS_KEY_ID = $Key; RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY = $Key; RCLONE_CONFIG_STORE_FORCE_PATH_STYLE = 'true'
            }
        }
        else {
            @{ AZURE_STORAGE_SERVICE_ENDPOINT = "http://127.0.0.1:$port/devstoreaccount1"; AZURE_STORAGE_KEY = $Key }
        }

        # A bundle of this machine's is none of rclone's concern here.
        $variables.AWS_CA_BUNDLE = $null
        $kept = @{}
        foreach ($name in $variables.Keys) {
            $kept[$name] = [Environment]::GetEnvironmentVariable($name)
            [Environment]::SetEnvironmentVariable($name, $variables[$name])
        }

        # The line of a shell that reads an object by a stock tool; the container lets everybody read.
        $reads = if ($Kind -eq 'S3') {
            { param($Name) "rclone cat 'store:backups/database/$Name'" }
        }
        else {
            { param($Name) "curl -fsS 'http://127.0.0.1:$port/devstoreaccount1/backups/database/$Name'" }
        }

        if ($Kind -eq 'Azure') {
            # The request of the documentation, signed as it says.
            $date = [DateTime]::UtcNow.ToString('R', [cultureinfo]::InvariantCulture)
            $account = 'devstoreaccount1'
            $text = "PUT$("`n" * 12)x-ms-blob-public-access:container`nx-ms-date:$date`nx-ms-version:2021-08-06`n/$account/$account/backups`nrestype:container"
            $signature = [Convert]::ToBase64String(
                [System.Security.Cryptography.HMACSHA256]::HashData([Convert]::FromBase64String($Key), [System.Text.Encoding]::UTF8.GetBytes($text)))
            $headers = @{
                'x-ms-blob-public-access' = 'container'; 'x-ms-date' = $date; 'x-ms-version' = '2021-08-06'
                Authorization             = "SharedKey ${account}:$signature"
            }
            $null = Invoke-WebRequest -Method Put -Uri "http://127.0.0.1:$port/$account/backups?restype=container" -Headers $headers -SkipHeaderValidation
        }

        $identity = Join-Path $TestDrive "$Kind.key"
        & age-keygen -o $identity 2>$null
        $recipient = & age-keygen -y $identity
    }

    AfterAll {
        Stop-Process -InputObject $process
        foreach ($name in $kept.Keys) {
            [Environment]::SetEnvironmentVariable($name, $kept[$name])
        }
    }

    It 'are made, proven and restored by the line' {
        $made = New-CryoBackup cryo_offsite -Path $Place -IncludeGlobals -WarningAction Ignore
        $made.Location | Should -Be $Place
        $made.Path | Should -BeLike "$Place/cryo_offsite_*_full.dump.gz"
        $restored = $made | Test-CryoBackup | Where-Object IsValid | Restore-CryoBackup -TargetDatabase cryo_offsite_copy -Create
        $restored.Status | Should -Be 'Restored'
        $restored.Path | Should -Be $made.Path
        Get-DumpText cryo_offsite_copy | Should -BeExactly (Get-DumpText cryo_offsite)
        Clear-TestDatabase cryo_offsite_copy
    }

    It 'are listed, and found by -Latest, by -MaxAge and by their database' {
        $found = @(Get-CryoBackup $Place -Database cryo_offsite)
        $found.Count | Should -Be 1
        $found[0].Location | Should -Be $Place
        $found[0].RowCount | Should -BeGreaterThan 0
        ($found | Test-CryoBackup -Level Hash).Verdict | Should -Be 'Passed'
        (Test-CryoBackup $Place -MaxAge 26h).Verdict | Should -Be 'Passed'
        $sample = Test-CryoBackup $Place -Latest -Sample 50%
        $sample.Verdict, $sample.Sample | Should -Be 'Passed', 50
        $sample.Covered | Should -BeGreaterThan 0
        $restored = Restore-CryoBackup -Latest -Database cryo_offsite -Path $Place -TargetDatabase cryo_offsite_copy -Create
        $restored.Status | Should -Be 'Restored'
        Clear-TestDatabase cryo_offsite_copy
        Get-CryoBackup $Place -Database nothing -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'BackupNotFound,*'
    }

    It 'are rehearsed where they lie' {
        (Get-CryoBackup $Place -Latest | Test-CryoBackup -Level Restore).Verdict | Should -Be 'Passed'
    }

    It 'are missed where they are not, or cannot be looked at' {
        (Test-CryoBackup $Place -MaxAge 26h -Database absent).Verdict | Should -Be 'Failed'
        $elsewhere = $Place -replace 'backups/database', 'no-such-bucket/database'
        $missed = Test-CryoBackup $elsewhere -MaxAge 26h
        $missed.Verdict | Should -Be 'Failed'
        $missed.Reason | Should -BeLike "*'$elsewhere' does not exist*"
    }

    It 'are named by -WhatIf, and not made' {
        $before = @(Get-CryoBackup $Place).Count
        $before | Should -BeGreaterThan 0
        New-CryoBackup cryo_offsite -Path $Place -WhatIf
        @(Get-CryoBackup $Place).Count | Should -Be $before
    }

    It 'are encrypted, and opened by stock tools with the line of the manifest' {
        $place = "$Place/encrypted"
        $made = New-CryoBackup cryo_offsite -Path $place -Recipient $recipient -IncludeGlobals -WarningAction Ignore
        $made.Path | Should -BeLike '*.dump.gz.age'
        ($made | Test-CryoBackup -Identity $identity).Verdict | Should -Be 'Passed'
        $restored = $made | Restore-CryoBackup -TargetDatabase cryo_offsite_copy -Create -Identity $identity
        $restored.Status | Should -Be 'Restored'
        Clear-TestDatabase cryo_offsite_copy

        $file = Split-Path -Leaf $made.Path
        $manifest = & bash -c (& $reads "encrypted/$file.meta.json") | ConvertFrom-Json
        $line = $manifest.open_with
        $line | Should -BeLike "age -d *$file*| gunzip | pg_restore *"
        $open = $line -creplace [regex]::Escape($file), '-' -creplace 'IDENTITY', "'$identity'" -creplace 'NAME', 'cryo_offsite_copy'
        Invoke-Sql 'CREATE DATABASE cryo_offsite_copy TEMPLATE template0'
        $env:PATH, $path = "$(Split-Path -Parent (Get-PgTool 'pg_restore')):$env:PATH", $env:PATH
        try {
            & bash -euo pipefail -c "$(& $reads "encrypted/$file") | $open"
            $LASTEXITCODE | Should -Be 0 -Because $open
        }
        finally {
            $env:PATH = $path
        }

        Get-DumpText cryo_offsite_copy | Should -BeExactly (Get-DumpText cryo_offsite)
        Clear-TestDatabase cryo_offsite_copy
    }

    It 'are made, proven, listed, restored and brought back by the tool' {
        $place = "$Place/tool"
        $made = & $tool new cryo_offsite --path $place --recipient $recipient --json | ConvertFrom-Json
        $LASTEXITCODE | Should -Be 0
        $path = @($made)[0].path ?? @($made)[0].Path
        & $tool test $path --identity $identity | Out-Null
        $LASTEXITCODE | Should -Be 0
        & $tool list $place | Out-String | Should -BeLike '*cryo_offsite*'
        & $tool restore $path --target-database cryo_offsite_copy --create --identity $identity | Out-Null
        $LASTEXITCODE | Should -Be 0
        Get-DumpText cryo_offsite_copy | Should -BeExactly (Get-DumpText cryo_offsite)
        Clear-TestDatabase cryo_offsite_copy
        $back = Join-Path $TestDrive "back from $Kind"
        & $tool copy $place --destination $back | Out-Null
        $LASTEXITCODE | Should -Be 0
        & $tool test $back --identity $identity | Out-Null
        $LASTEXITCODE | Should -Be 0
    }

    It 'are held, removed by rules, and shown with what proves them' {
        $place = "$Place/kept"
        $made = 1..3 | ForEach-Object { New-CryoBackup cryo_offsite -Path $place -WarningAction Ignore }
        $made[2].Proven | Should -Not -BeNullOrEmpty
        ($made[2] | Test-CryoBackup -Level Restore).Verdict | Should -Be 'Passed'
        $listed = Get-CryoBackup $place
        $listed.Path | Should -Be $made[2..0].Path
        $listed[0].Rehearsed | Should -Be $listed[0].Proven
        $listed[1].Rehearsed | Should -BeNullOrEmpty
        @(Get-CryoBackup $place -Rehearsed).Path | Should -Be $made[2].Path

        ($made[0] | Protect-CryoBackup -Reason 'an audit').Hold | Should -Be 'held: an audit'
        (Get-CryoBackup $place | Where-Object Hold).Path | Should -Be $made[0].Path
        $plan = Remove-CryoBackup $place -KeepLast 1 -WhatIf
        $plan.Action | Should -Be 'Keep', 'Remove', 'Keep'
        $plan[2].Reasons | Should -Contain 'held: an audit'
        @(Get-CryoBackup $place).Count | Should -Be 3
        $done = Remove-CryoBackup $place -KeepLast 1 -Confirm:$false
        $done.Action | Should -Be 'Keep', 'Removed', 'Keep'
        $done.Path | Should -Be $plan.Path
        ($made[0] | Unprotect-CryoBackup -Confirm:$false).Hold | Should -BeNullOrEmpty
        ($made[0] | Remove-CryoBackup -Confirm:$false).Action | Should -Be 'Removed'
        (Get-CryoBackup $place -All).Path | Should -Be $made[2].Path
        ($made[2] | Remove-CryoBackup -Confirm:$false -WarningAction Ignore).Action | Should -Be 'Blocked'
        & $tool protect $made[2].Path --reason 'by the tool' --json | ConvertFrom-Json | ForEach-Object Hold | Should -Be 'held: by the tool'
        & $tool remove $place --keep-last 1 --plan-only | Out-String | Should -BeLike '*held: by the tool*'
        & $tool unprotect $made[2].Path | Out-Null
        & $tool remove $made[2].Path --force | Out-Null
        $LASTEXITCODE | Should -Be 0
        Get-CryoBackup $place -All -WarningAction Ignore | Should -BeNullOrEmpty
    }

    It 'tell no credential, in whatever is said or written' {
        $evidence = Join-Path $TestDrive "evidence of $Kind"
        New-Item -ItemType Directory -Path $evidence | Out-Null
        $config = Join-Path $evidence 'config.yaml'
        Set-Content -LiteralPath $config -Value @"
copies: ['$Place/copies']
copies_required: 1
log_file: '$evidence/log.txt'
metrics_file: '$evidence/metrics.prom'
reports: { verification_dir: '$evidence' }
"@
        $said = & {
            New-CryoBackup cryo_offsite -Path (Join-Path $evidence 'local') -Config $config -Verbose -Debug:$false
            Test-CryoBackup "$Place/copies" -Config $config -Verbose
            Get-CryoBackup "$Place/copies" -Verbose
            Test-CryoBackup "$Place/copies" -MaxAge 1s -Verbose
            Restore-CryoBackup "$Place/nothing.dump.gz" -TargetDatabase cryo_offsite_copy -Create -ErrorAction Continue
        } *>&1 | Out-String
        $said | Should -BeLike "*$Place/copies*"
        $written = Get-ChildItem -LiteralPath $evidence -Recurse -File -Include *.txt, *.prom, *.json, *.html, *.yaml | Get-Content -Raw | Out-String
        $written | Should -BeLike '*cryo_offsite*'
        if ($Kind -eq 'Azure') {
            $said + $written | Should -Not -BeLike "*$($Key.Substring(0, 20))*"
        }

        $said + $written | Should -Not -Match 'SharedKey|AWS4-HMAC|Authorization'
    }
}

Describe 'Without the part for object storage' {
    BeforeAll {
        $module = Join-Path $TestDrive 'CryoBackup'
        Copy-Item -LiteralPath (Join-Path $PSScriptRoot '../output/CryoBackup') -Destination $module -Recurse
        Remove-Item -LiteralPath (Join-Path $module 'bin/stores') -Recurse
    }

    It 'everything local works, and a location says what is missing' {
        $said = Invoke-FreshShell @"
Import-Module '$module' -Force
`$made = New-CryoBackup cryo_offsite -Path '$(Join-Path $TestDrive 'local')'
(`$made | Test-CryoBackup).Verdict
(Get-CryoBackup '$(Join-Path $TestDrive 'local')').Count
try { New-CryoBackup cryo_offsite -Path s3://bucket/prefix -ErrorAction Stop } catch { "`$(`$_.FullyQualifiedErrorId): `$_" }
try { Test-CryoBackup azblob://account/container/prefix -ErrorAction Stop } catch { "`$(`$_.FullyQualifiedErrorId): `$_" }
"@ | Out-String
        $said | Should -BeLike '*Passed*'
        ([regex]::Matches($said, 'ToolNotFound,')).Count | Should -Be 2
        $said | Should -BeLike '*CryoBackup.Stores.dll is missing*'
    }
}
