"""An API document that nothing in the code knows, and its pretend backend by the same words."""

DOCUMENT = b"""
openapi: 3.1.0
info: {title: API Angkutan, version: "1"}
servers: [{url: https://angkutan.example/api}]
security: [{kunci: []}]
paths:
  /izin:
    post:
      operationId: ajukanIzin
      summary: Ajukan izin trayek
      parameters:
        - {name: Idempotency-Key, in: header, schema: {type: string}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Permohonan'}
      responses:
        '201':
          description: diterima
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Tanda'}
        '422':
          description: ditolak
          content:
            application/json:
              schema:
                type: object
                properties:
                  pesan: {type: string}
                  kesalahan:
                    type: array
                    items:
                      type: object
                      properties: {kolom: {type: string}, ket: {type: string}}
  /izin/{nomor}:
    get:
      operationId: statusIzin
      parameters: [{name: nomor, in: path, required: true, schema: {type: string}}]
      responses:
        '200':
          description: keadaan
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Tanda'}
  /izin/{nomor}/batal:
    post:
      operationId: batalkanIzin
      parameters: [{name: nomor, in: path, required: true, schema: {type: string}}]
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {alasan: {type: string}}}
      responses:
        '200':
          description: batal
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Tanda'}
  /kendaraan/{nopol}:
    get:
      operationId: cekKendaraan
      parameters: [{name: nopol, in: path, required: true, schema: {type: string, pattern: '^[A-Z0-9 ]{3,12}$'}}]
      responses:
        '200':
          description: kendaraan
          content:
            application/json:
              schema:
                type: object
                required: [merek, tahun]
                properties: {merek: {type: string}, tahun: {type: integer}, pemilik: {type: string}}
  /health:
    get: {operationId: sehat, responses: {'200': {description: ya}}}
components:
  securitySchemes:
    kunci: {type: apiKey, in: header, name: X-Kunci}
  schemas:
    Permohonan:
      type: object
      additionalProperties: false
      required: [nik, nopol, trayek, mulai, external_id]
      properties:
        external_id: {type: string, maxLength: 60}
        nik: {type: string, pattern: '^[0-9]{16}$'}
        nopol: {type: string, maxLength: 12}
        trayek: {type: string, enum: [A, B, C]}
        mulai: {type: string, format: date}
        jumlah_kursi: {type: integer, minimum: 1, maximum: 60}
        panjang_m: {type: number}
        wisata: {type: boolean}
        sopir:
          type: array
          items:
            type: object
            required: [nama]
            properties: {nama: {type: string}, umur: {type: integer, minimum: 17}}
    Tanda:
      type: object
      required: [nomor_izin, status]
      properties:
        nomor_izin: {type: string}
        status: {type: string, enum: [diterima, diproses, selesai, ditolak, dibatalkan]}
        pesan: {type: string}
"""
